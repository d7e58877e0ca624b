"""How loud this device is at the ear, measured on the bench: three levels of noise, a sound level meter, a dated record.

The record says the level of a full-scale 1 kHz sine there, with a margin; the firmware takes it in the place of the
board's strictest assumption. Nonsense is refused before anything is sent.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from firmware.memory import names
from firmware.prescription import calibration
from host_tools.device.client import Connection, Say
from simulator.files.errors import CalandoError

LEVELS_DBFS = (-40, -30, -20)
SECONDS = 12
# The meter's own error and a loudspeaker's resonance between the bands (CLINICAL numbers: worst reading + 3 dB).
MARGIN_DB = 3.0
ABOVE_BACKGROUND_DB = 10.0  # below that the room adds 0.5 dB and more to what is read
STEP_DB, STEP_ERROR_DB = 10.0, 2.0
READING_DBA = (20.0, 110.0)


def record(
    readings_dba: Sequence[float], background_dba: float, meter: str, unit: str, day: date
) -> dict[str, Any]:
    """Return the calibration from a reading at each of LEVELS_DBFS and one of the silent room, all in dB(A), slow.

    Raises CalandoError when the readings cannot be of this noise.
    """
    if len(readings_dba) != len(LEVELS_DBFS):
        raise CalandoError(
            f"a calibration has {len(LEVELS_DBFS)} readings, not {len(readings_dba)}; give one for each level"
        )
    low, high = READING_DBA
    for reading in (*readings_dba, background_dba):
        if not low <= reading <= high:
            raise CalandoError(
                f"a reading of {reading:g} dB(A) is outside {low:g} to {high:g}; look at the meter's range and weighting"
            )
    for softer, louder in pairwise(readings_dba):
        if abs(louder - softer - STEP_DB) > STEP_ERROR_DB:
            raise CalandoError(
                f"from {softer:g} to {louder:g} dB(A) is {louder - softer:+.1f} dB where the noise rose by {STEP_DB:g}; "
                "set the meter to A, slow, leave it where it stands, and measure all three again"
            )
    if readings_dba[0] < background_dba + ABOVE_BACKGROUND_DB:
        raise CalandoError(
            f"the softest reading, {readings_dba[0]:g} dB(A), is less than {ABOVE_BACKGROUND_DB:g} dB above the room's "
            f"{background_dba:g}; find a quieter room or come nearer and say so in the meter's name"
        )
    worst = max(reading - level for reading, level in zip(readings_dba, LEVELS_DBFS, strict=True))
    full_scale_dba = round(worst + MARGIN_DB, 2)
    lowest, highest = calibration.LOWEST_CDBA / 100, calibration.HIGHEST_CDBA / 100
    if not lowest <= full_scale_dba <= highest:
        raise CalandoError(
            f"full scale would be {full_scale_dba:g} dB(A), outside {lowest:g} to {highest:g}; look at the series "
            "resistor, the gain strap (docs/hardware.md) and the meter"
        )
    return {
        "full_scale_dba": full_scale_dba,
        "date": day.isoformat(),
        "meter": meter,
        "measurements": [
            {"level_dbfs": level, "level_dba": reading}
            for level, reading in zip(LEVELS_DBFS, readings_dba, strict=True)
        ],
        "unit": unit,
    }


def calibrate(
    device: Connection,
    meter: str,
    ask: Callable[[str], float],
    say: Say,
    day: date | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Lead through a calibration: bench mode, three sounds, a reading of each, the record onto the device.

    ask: gets a question, returns a number of dB(A). cancelled: asked while the button is waited for.
    Returns the record as it was read back from the device.
    """
    if not 1 <= len(meter) <= calibration.METER_CHARACTERS:
        raise CalandoError(
            f"the meter's name has {len(meter)} characters, not 1 to {calibration.METER_CHARACTERS}; shorten it"
        )
    say(
        "Finished case, on its stand; meter at the ear's place, A-weighted, slow. Nobody else within earshot."
    )
    background_dba = ask("The room without the device, in dB(A)")
    device.bench(say, cancelled)
    readings = []
    for level in LEVELS_DBFS:
        say(f"Noise at {level} dBFS plays for {SECONDS} s.")
        device.call("tone", level_dbfs=level, seconds=SECONDS)
        try:
            readings.append(ask(f"The meter at {level} dBFS, in dB(A)"))
        finally:
            device.call("quiet")
    values = record(readings, background_dba, meter, device.unit, day or date.today())
    # As UTF-8: MicroPython reads a character that JSON writes as two escapes as two.
    data = json.dumps(values, ensure_ascii=False).encode()
    device.put(names.CALIBRATION, data)
    device.stage()
    say(
        f"A full-scale tone would be {values['full_scale_dba']:g} dB(A) at the ear, {MARGIN_DB:g} dB margin included."
    )
    device.commit(say, cancelled=cancelled)
    read_back = device.get(names.CALIBRATION)
    if read_back != data:
        raise CalandoError("the calibration on the device is not the one that was sent; calibrate again")
    return values
