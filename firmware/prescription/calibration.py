"""The record of a calibration: how loud a full-scale tone is at the ear of this one device, and how that was found.

Checked whole before it is kept, and again at every start. What is done with the number is audio.py's.
"""

import json

VERSION = 1
LOWEST_CDBA = 5500
HIGHEST_CDBA = 9500
POINTS_MAX = 9
METER_CHARACTERS = 40
_FIELDS = ("full_scale_dba", "date", "meter", "measurements", "unit")


class CalibrationError(ValueError):
    """A calibration cannot be used; the text is one sentence."""


def read(text, unit):
    """Return the level of a full-scale 1 kHz sine at the ear, in hundredths of dB(A), from a record's JSON.

    unit: the hex id of this device; a calibration of another one says nothing about it. Raises CalibrationError.
    """
    try:
        values = json.loads(text)
    except ValueError:
        raise CalibrationError("The calibration is not JSON; calibrate again.")  # noqa: B904
    if not isinstance(values, dict):
        raise CalibrationError("The calibration is not a JSON object; calibrate again.")
    for name in sorted(values):  # of two, every runtime names the same
        if name not in _FIELDS:
            raise CalibrationError("%r is not part of a calibration; leave it out." % name[:24])
    for name in _FIELDS:
        if name not in values:
            raise CalibrationError("The calibration lacks %s; calibrate again." % name)
    if values["unit"] != unit:
        raise CalibrationError("The calibration is of another device than %s; calibrate this one." % unit)
    _check_date(values["date"])
    meter = values["meter"]
    if not isinstance(meter, str) or not 1 <= len(meter) <= METER_CHARACTERS:
        raise CalibrationError(
            "meter is not a text of 1 to %d characters; name the sound level meter." % METER_CHARACTERS
        )
    _check_measurements(values["measurements"])
    return _level_cdba(values["full_scale_dba"])


def _level_cdba(level_dba):
    if not _is_number(level_dba) or not LOWEST_CDBA <= level_dba * 100 <= HIGHEST_CDBA:
        raise CalibrationError(
            "full_scale_dba is not a number from %d to %d; look at the meter's position and weighting."
            % (LOWEST_CDBA // 100, HIGHEST_CDBA // 100)
        )
    level_cdba = int(level_dba * 100 + 0.5)
    if abs(level_dba * 100 - level_cdba) > 0.1:  # the chip's numbers have 24 bits
        raise CalibrationError("full_scale_dba is not in steps of 0.01; round it.")
    return level_cdba


def _check_date(date):
    whole = isinstance(date, str) and len(date) == 10 and date[4] == date[7] == "-"
    if whole:
        for part, low, high in ((date[:4], 2020, 2199), (date[5:7], 1, 12), (date[8:], 1, 31)):
            whole = whole and part.isdigit() and low <= int(part) <= high
    if not whole:
        raise CalibrationError("date is not a day written as 2025-12-31; correct it.")


def _check_measurements(measurements):
    if not isinstance(measurements, list) or not 1 <= len(measurements) <= POINTS_MAX:
        raise CalibrationError("measurements is not a list of 1 to %d; measure again." % POINTS_MAX)
    for point in measurements:
        if not isinstance(point, dict) or len(point) != 2:
            raise CalibrationError("A measurement is not level_dbfs and level_dba; measure again.")
        for name, low, high in (("level_dbfs", -60, 0), ("level_dba", 20, 110)):
            if not _is_number(point.get(name)) or not low <= point[name] <= high:
                raise CalibrationError("%s of a measurement is outside %d to %d." % (name, low, high))


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
