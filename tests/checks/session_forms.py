"""Random sessions through every form and back, and damaged session files. Run: python tests/checks/session_forms.py

A seeded sample of both is in `make test` (tests/unit/host_tools/forms/test_round_trip.py).
"""

import argparse
import base64
import contextlib
import hashlib
import json
import random
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    import simulator  # noqa: F401  (what conftest.py does for the tests)

    sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))

from read_sessions import random_session

from host_tools.forms import csv_form, edf_form, export, fhir_form, verify
from host_tools.forms.minutes import minutes
from host_tools.sessions import chart, session_file
from host_tools.sessions.told import Told, tell
from simulator.files.errors import CalandoError


def round_trip(seed: int) -> None:
    """A random session, in every form and back: what is read is what the device gave. Raises AssertionError."""
    file = random_session(seed)
    told = tell(file.raw)
    digest, rows = csv_form.read_csv(csv_form.csv_text(file, told))
    assert rows == told.rows
    assert digest == (file.sha256 if rows else None)
    beside = json.loads(csv_form.sidecar_text(file, told))
    assert csv_form.session_of(beside) == file
    assert len(beside["events"]) == len(told.events)
    digest, signals, annotations = edf_form.read_edf(edf_form.edf(file, told))
    assert digest == file.sha256
    left_out = sum("second row" in text for _, text in annotations)
    assert left_out <= 2 + len(rows) // 20
    for key, _, _, _, step, _ in edf_form.SIGNALS:
        known = [float(row[key]) for row in rows if row[key] is not None]
        valid = [value for value in signals[key] if value is not None]
        assert 0 <= len(known) - len(valid) <= left_out
        if not left_out and known:
            assert sorted(valid) == sorted(round(value, 3) for value in known)
            assert abs(sum(valid) / len(valid) - sum(known) / len(known)) < step
    digest, medians, _ = fhir_form.read_fhir(fhir_form.fhir_json(file, told, spo2=True))
    assert digest == file.sha256
    wanted = minutes(Told(rows=rows))
    assert medians == ({key: [one.medians[key] for one in wanted] for key in medians} if wanted else {})


def damaged(seed: int, folder: Path, with_page: bool = False) -> bool:
    """A session file, damaged: whether it was read. What cannot be is a CalandoError, and anything else escapes."""
    chance = random.Random(seed)
    place = folder / "damaged.calando"
    session_file.save(random_session(seed % 200), place)
    place.write_bytes(_damage(chance, place.read_bytes()))
    try:
        file = session_file.load(place)
        told = tell(file.raw)
    except CalandoError as error:
        assert 20 < len(str(error)) < 400 and "\n" not in str(error), error
        return False
    csv_form.read_csv(csv_form.csv_text(file, told))
    csv_form.sidecar_text(file, told)
    with contextlib.suppress(CalandoError):  # records over days, which are no one session
        edf_form.edf(file, told)
    with contextlib.suppress(CalandoError):
        fhir_form.bundle(file, told)
    if with_page:
        chart.html(file, told)
    return True


def damaged_export(seed: int, folder: Path) -> bool:
    """An exported file, damaged: whether it is still taken for what the device gave, for only words in it are others."""
    chance = random.Random(seed)
    file = random_session(seed % 50)
    made = export.files(file, (chance.choice(export.FORMS),), folder)
    place = chance.choice(sorted(made))
    content = bytearray(made[place])
    kind = chance.randrange(3)
    if kind == 0:
        del content[chance.randrange(len(content)) :]
    elif kind == 1:
        for _ in range(chance.randint(1, 30)):
            content[chance.randrange(len(content))] = chance.randrange(256)
    else:
        at = chance.randrange(len(content))
        content[at : at + chance.randrange(60)] = chance.choice(
            (b"", b"Infinity", b"null", b"[]", b"1e999", b",,,", b"\n")
        )
    place.write_bytes(content)
    try:
        verify.verify(place, file)
    except CalandoError as error:
        assert "\n" not in str(error), error
        return False
    return True


def _damage(chance: random.Random, content: bytes) -> bytes:
    kind = chance.randrange(7)
    if kind == 0:  # cut off
        return content[: chance.randrange(len(content))]
    if kind == 1:  # some bytes are others
        changed = bytearray(content)
        for _ in range(chance.randint(1, 20)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        return bytes(changed)
    if kind == 2:  # a piece is there twice, or is gone
        start = chance.randrange(len(content))
        end = start + chance.randrange(200)
        return content[:end] + content[start:] if chance.random() < 0.5 else content[:start] + content[end:]
    values = json.loads(content)
    if kind == 3:  # a field is something else
        values[chance.choice(list(values))] = chance.choice(
            (None, -1, 10**30, 1e308, "", "x" * 1000, [], {}, True, "2026-13-45", "0001-01-01T00:00:00+14:00", [[[]]],
             "9999-12-31T23:59:59-12:00", "1970-01-01T00:00:00Z", "2026-01-01T00:00:00")
        )  # fmt: skip
    elif kind == 4:  # a field is gone, or one too many is there
        if chance.random() < 0.5:
            del values[chance.choice(list(values))]
        else:
            values["more"] = 1
    else:  # the device's own records are damaged, and their digest is of that
        raw = bytearray(base64.b64decode(values["records"]))
        if kind == 5:
            for _ in range(chance.randint(1, 30)):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
        else:
            del raw[chance.randrange(len(raw)) :]
        values["records"] = base64.b64encode(raw).decode()
        values["sha256"] = hashlib.sha256(raw).hexdigest()
    return json.dumps(values).encode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--damaged", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    started = time.monotonic()
    for number in range(asked.sessions):
        round_trip(asked.seed + number)
    print(
        f"{asked.sessions} random sessions are the same in CSV, JSON, EDF+ and FHIR ({time.monotonic() - started:.0f} s)"
    )
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        read = sum(
            damaged(asked.seed + number, Path(folder), number % 50 == 0) for number in range(asked.damaged)
        )
        exports = asked.damaged // 10
        taken = sum(damaged_export(asked.seed + number, Path(folder)) for number in range(exports))
    print(f"{exports} damaged exports: {exports - taken} refused by verify, {taken} with other words only")
    print(
        f"{asked.damaged} damaged session files: {asked.damaged - read} refused in a sentence, {read} read "
        f"({time.monotonic() - started:.0f} s)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
