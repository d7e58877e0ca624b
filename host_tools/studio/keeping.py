"""Backup, restore, rollback, factory reset: all that is on a device, away from it, back to it, or gone."""

from pathlib import Path
from typing import Any

from nicegui import ui

from host_tools.device import backup
from host_tools.device.client import Connection
from host_tools.studio import widgets as w
from host_tools.studio.commit_panel import CommitPanel
from host_tools.studio.job import Job
from host_tools.studio.live import key_of, live, progress
from host_tools.studio.studio import Studio, staged
from host_tools.studio.texts import _, sentence
from host_tools.studio.upload import drop_zone

ZIP = "calando-backup.zip"


def keeping(studio: Studio, panel: CommitPanel) -> None:
    """Build the part of the device's page about all that is on it; what changes something goes through `panel`."""

    def save() -> None:
        def work(job: Job, device: Connection) -> str:
            backup.write(studio.folder / "uploads" / ZIP, backup.read_device(device, job.advance))
            return ZIP

        studio.jobs["backup"] = studio.desk.do("backup", work)

    def saved() -> None:
        job = studio.jobs.get("backup")
        if job is None:
            return
        if job.running:
            progress(job)
        elif job.error is not None:
            w.notice(sentence(job.error), "warn")
        else:
            if not job.rows:  # whoever comes back to the page has the file already
                job.rows.append(ZIP)
                ui.download.from_url("/file/" + job.future.result())
            w.notice(_("The backup is with your browser's downloads."), "good")

    w.heading(_("Backup"), 3)
    w.words(_("Profile, calibration, songs, recordings, programmes and sessions in one file."))
    w.button(_("Save a backup"), save)
    live(saved, lambda: key_of(studio.jobs.get("backup")))

    w.heading(_("Restore"), 3)
    w.words(
        _(
            "Makes the device as it was when the backup was made. Sessions are not put back: what it played, it played."
        )
    )

    def restore(file: Path, _name: str) -> None:
        panel.open(lambda: _stage_backup(studio, file))

    drop_zone(studio, _("Drop a backup here, or choose one"), ".zip", restore)

    w.heading(_("The profile before this one"), 3)
    w.button(_("Go back to it"), lambda: panel.open(lambda: studio.stage_call("rollback")))

    w.heading(_("Factory reset"), 3)
    w.words(
        _(
            "Profile, calibration, songs, recordings, programmes and sessions go. Today's dose stays. "
            "A backup brings back all but the sessions."
        )
    )
    typed = [""]

    def reset() -> None:
        if typed[0].strip().lower() != studio.desk.view.unit[-4:].lower() or not typed[0].strip():
            ui.notify(_("Type the last four characters of the unit first."))
            return
        panel.open(lambda: studio.stage_call("reset"))

    with w.tag("div", None, "row"):
        with w.tag("label", _("The last four characters of the unit")):
            w.entry("", lambda text: typed.__setitem__(0, text), maxlength=4)
        w.button(_("Take everything off"), reset)


def _stage_backup(studio: Studio, file: Path) -> Job:
    def work(job: Job, device: Connection) -> dict[str, Any]:
        try:
            kept = backup.read(file)
            device.call("discard")
            wanted = backup.stage(device, kept, job.say, job.advance)
            found = staged(device)
            found["notes"] = job.said
            found["wanted"] = wanted
            return found
        finally:
            file.unlink(missing_ok=True)

    return studio.desk.do("stage", work)
