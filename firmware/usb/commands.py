"""Who answers which command of docs/protocol.md, and what is answered in any mode. Loaded when a first line comes.

What plays cannot be changed from here: while something does, only questions are answered.
"""

import binascii

from firmware import board
from firmware.usb.link import LINE_BYTES, PROTOCOL, Refused, show
from firmware.version import VERSION

SESSION = "session"
IDLE = "idle"
BENCH = "bench"
SCHEMA = "167C944A"  # the CRC-32 of what firmware/prescription/schema.py serves; its test says which
_BENCH = {"tone": ("level_dbfs", "seconds"), "quiet": (), "selftest": ("part",)}
_EBUSY = 16


def answer(computer, command, arguments, now_ms):
    """Return the answer to a command as a dict. Raises Refused for everything that is not to be done."""
    try:
        return _answer(computer, computer.mode, command, arguments, now_ms)
    except OSError as error:
        if error.args[0] == _EBUSY:
            raise Refused("busy", "A test sound plays; send quiet first.")  # noqa: B904
        raise Refused(  # noqa: B904
            "flash", "The flash did not take it (error %d); what was there stays." % error.args[0]
        )


def _answer(computer, mode, command, arguments, now_ms):
    if not isinstance(command, str):
        raise Refused("unknown_command", "cmd is missing, or not a text.")
    if command in _ALWAYS:
        _check_keys(arguments, ())
        return _ALWAYS[command](computer, mode, now_ms)
    keys = _BENCH.get(command)
    if keys is not None:
        if mode != BENCH:
            raise Refused("busy", "%s is for the bench; ask for bench and hold the button." % command)
        _check_keys(arguments, keys)
        return computer.load_bench().answer(command, arguments, now_ms)
    if mode == SESSION:
        raise Refused("busy", "Something plays; only hello, status and now are answered until it is over.")
    desk = computer.load_desk()
    keys = desk.keys(command)
    if keys is None:
        raise Refused("unknown_command", "There is no such command; docs/protocol.md has the list.")
    _check_keys(arguments, keys)
    return desk.answer(command, arguments, now_ms)


def _check_keys(arguments, allowed):
    for key in sorted(arguments):  # of two, every runtime names the same
        if key not in allowed:
            raise Refused("bad_argument", "%s is not an argument of this command; leave it out." % show(key))


def _hello(computer, mode, now_ms):
    return {
        "product": "calando",
        "protocol": PROTOCOL,
        "unit": computer.device.unit,
        "firmware": VERSION,
        "board": board.NAME,
        "schema": SCHEMA,
        "mode": mode,
        "line": LINE_BYTES,
    }


def _status(computer, mode, now_ms):
    device = computer.device
    inputs = device.inputs
    outputs = device.outputs
    desk = computer.desk
    profile = None
    if device.profile_digest is not None:
        profile = {
            "title": device.profile.title,
            "population": device.profile.population,
            "sha256": binascii.hexlify(device.profile_digest).decode(),
        }
    return {
        "mode": mode,
        "phase": outputs.phase,
        "reason": outputs.reason,
        "minutes_left": outputs.minutes_left,
        "uptime_s": device.clock.uptime_s,
        "profile": profile,
        "confirmed": inputs.profile_confirmed,
        "fell_back": device.left,
        "calibrated": device.calibrated,
        "full_scale_dba": device.full_scale_cdba / 100,
        "staged": 0 if desk is None else desk.staged,
        "commit": "none" if desk is None else desk.commit,
        "supply_v": None if inputs.supply_mv is None else inputs.supply_mv / 1000,
        "sensor_fault": device.sensor.fault,
        "adc_fault": device.adc.fault,
        "dose_today_min": device.dose.minutes_today,
        # Looking through the file system takes longer than the sound can wait.
        "flash_free_bytes": None if mode == SESSION else device.files.free_bytes(),
        "heap_free_bytes": device.loop.heap_free_bytes,
        "worst_lateness_ms": device.loop.worst_lateness_ms,
    }


def _now(computer, mode, now_ms):
    return {"row": binascii.b2a_base64(computer.device.journal.record).decode().rstrip("\n")}


_ALWAYS = {"hello": _hello, "status": _status, "now": _now}
