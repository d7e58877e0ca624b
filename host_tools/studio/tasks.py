"""What the workshop does in its own process: sounds, pictures, sessions. Plain functions of plain values."""

import hashlib
import json
from pathlib import Path
from typing import Any

from firmware.prescription.profile import Profile
from host_tools.studio.workshop import Told
from simulator.files.errors import CalandoError

KEPT_RENDERINGS = 6  # a whole session is 40 MB


def warm(_told: Told) -> None:
    """Load what sounds need, while somebody still looks at the page."""
    from host_tools.sound import meter, render  # noqa: F401


def hear(
    told: Told,
    folder: str,
    values: dict[str, Any],
    pulse: list[tuple[int, int | None]],
    start_s: int,
    seconds: int,
    song: str | None,
    voice: str | None,
) -> dict[str, Any]:
    """Write a part of what `calando render` gives for a profile and a pulse into a WAV file of the folder.

    song, voice: files of what is not built in. What came before the part is played too, for the part depends on it; it is
    kept, so that another part is there at once. Returns `file`, `length_s`, `laeq_dba`, `las_max_dba`; None is silence.
    """
    from host_tools.sound import meter, render

    plan = render.plan_for(
        Profile.from_values(values), song, pulse, start_s + seconds, None if voice is None else Path(voice)
    )
    samples = _rendered(plan, Path(folder))
    part = samples[start_s * render.RATE_HZ : (start_s + seconds) * render.RATE_HZ]
    if not len(part):
        over_s = len(samples) / render.RATE_HZ
        raise CalandoError(f"the session is over after {over_s / 60:.0f} min; choose an earlier minute")
    levels = meter.measure(part, render.RATE_HZ, plan["full_scale_cdba"] / 100)
    name = f"{_digest(plan)}-{start_s}-{seconds}.wav"
    meter.write_wav(Path(folder) / name, part, render.RATE_HZ)
    return {
        "file": name,
        "length_s": len(part) / render.RATE_HZ,
        "laeq_dba": levels.laeq_dba,
        "las_max_dba": levels.las_max_dba,
    }


def _digest(plan: dict[str, Any]) -> str:
    same = {name: value for name, value in plan.items() if name != "seconds"}
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:24]


def _rendered(plan: dict[str, Any], folder: Path) -> Any:
    """The samples from the beginning, as far as the plan goes and further where they are kept already."""
    import numpy as np

    from host_tools.sound import render

    path = folder / f"{_digest(plan)}.pcm"
    wanted = int(plan["seconds"] * render.RATE_HZ)
    over = path.with_suffix(".over")  # the session ended there
    if path.exists() and (over.exists() or path.stat().st_size >= 2 * wanted):
        path.touch()
        return np.fromfile(path, dtype="<i2")
    samples, _ = render.play(plan)
    beside = path.with_suffix(".part")
    samples.astype("<i2").tofile(beside)
    beside.replace(path)
    if len(samples) + render.RATE_HZ < wanted:
        over.touch()
    for old in sorted(folder.glob("*.pcm"), key=lambda file: file.stat().st_mtime)[:-KEPT_RENDERINGS]:
        for file in (old, old.with_suffix(".over"), *folder.glob(f"{old.stem}-*.wav")):
            file.unlink(missing_ok=True)
    return samples
