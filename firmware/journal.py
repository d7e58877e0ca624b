"""What happened, second by second: records of 16 bytes in RAM, for flash, the USB link and the service header alike.

No name, no record number, no clock time: seconds since the device was switched on. Who keeps them where is not
decided here. A row says how a second was; an event says that something happened.

A row:   seconds u16, phase u8, reason u8, pulse u16, tempo u16, target tempo u16 (hundredths of bpm), level u16
         (hundredths of dB(A)), perfusion u16 (tens of ppm), SpO2 u8 (half percent), quality u8 (percent, bit 7 contact).
An event: seconds u16, 0x80 | kind u8, reason u8, detail i32, zeros.
The largest number of a field means unknown.
"""

import struct

import micropython

from firmware.reasons import PHASES, REASONS

RECORD_BYTES = 16
# What a driver says of its chip (drivers/max3010x.py, drivers/adc.py); the detail of a "fault" is a place in this list.
CHIP_FAULTS = (
    None, "sensor_absent", "sensor_bus_stuck", "sensor_wrong_part", "sensor_reset", "sensor_readback", "sensor_rate",
    "sensor_stopped", "adc_absent", "adc_bus_stuck", "adc_readback", "adc_stopped",
)  # fmt: skip
EVENTS = ("boot", "phase", "press", "hold", "end", "fault", "save_failed", "heap")

_ROW = "<HBBHHHHHBB"
_EVENT = "<HBBi"
_UNKNOWN_16 = 0xFFFF
_UNKNOWN_8 = 0xFF


def _small(value, divisor, unknown):
    """A reading in a field's unit, never mistaken for `unknown`, which stands for None."""
    if value is None:
        return unknown
    value = (value + divisor // 2) // divisor
    if value < 0:
        return 0
    return value if value < unknown else unknown - 1


class Journal:
    """Keeps `capacity` records. `record` holds the one made last, to be kept and to be sent on.

    When there is no room left, every second row of those kept so far goes, and every event stays: a session longer than
    the memory is remembered more coarsely at its beginning, and never loses its beginning.
    """

    def __init__(self, capacity):
        self._kept = bytearray(capacity * RECORD_BYTES)
        self._capacity = capacity
        self.count = 0
        self.record = bytearray(RECORD_BYTES)

    def clear(self):
        """Forget everything: a new session begins, and the last one is on flash."""
        self.count = 0

    def row(self, now_ms, outputs, inputs):
        """Make the record of this second: what the session asks for and what the sensors say."""
        quality = inputs.quality_percent
        struct.pack_into(
            _ROW,
            self.record,
            0,
            now_ms // 1000 & 0xFFFF,
            PHASES.index(outputs.phase),
            REASONS.index(outputs.reason),
            _small(inputs.pulse_rate_mbpm, 10, _UNKNOWN_16),
            _small(outputs.tempo_mbpm if outputs.playing else None, 10, _UNKNOWN_16),
            _small(outputs.target_tempo_mbpm if outputs.playing else None, 10, _UNKNOWN_16),
            _small(inputs.level_cdba, 1, _UNKNOWN_16),
            _small(inputs.perfusion_index_ppm, 10, _UNKNOWN_16),
            _small(inputs.spo2_permille, 5, _UNKNOWN_8),
            (0 if quality is None else quality) | (0x80 if inputs.contact else 0),
        )

    def event(self, now_ms, kind, reason=None, detail=0):
        """Make the record of something that happened; `kind` is one of EVENTS, `detail` a whole number."""
        record = self.record
        for place in range(8, RECORD_BYTES):
            record[place] = 0
        struct.pack_into(
            _EVENT,
            record,
            0,
            now_ms // 1000 & 0xFFFF,
            0x80 | EVENTS.index(kind),
            REASONS.index(reason),
            detail,
        )

    def keep(self):
        """Add the record made last to those kept."""
        if self.count == self._capacity:
            self.count = _thin(self._kept, self._capacity, self._capacity // 2)
        if self.count < self._capacity:
            _copy(self._kept, self.count * RECORD_BYTES, self.record, 0)
            self.count += 1

    def copy(self, index, into):
        """Copy record `index` (0 is the oldest kept) into a buffer of 16 bytes."""
        _copy(into, 0, self._kept, index * RECORD_BYTES)

    def view(self):
        """Everything kept, oldest first, as a memoryview (allocated: not for the loop)."""
        return memoryview(self._kept)[: self.count * RECORD_BYTES]


@micropython.viper
def _copy(into: ptr8, at: int, source: ptr8, place: int):
    for offset in range(16):
        into[at + offset] = source[place + offset]


@micropython.viper
def _thin(records: ptr8, count: int, older: int) -> int:
    """Drop every second row among the `older` first of `count` records, in place; returns how many are left."""
    kept = 0
    drop = 0
    for index in range(count):
        place = index * 16
        if index < older and records[place + 2] < 128:
            drop = 1 - drop
            if drop:
                continue
        target = kept * 16
        if target != place:
            for offset in range(16):
                records[target + offset] = records[place + offset]
        kept += 1
    return kept


def read_record(record):
    """A record as a dict with None for unknowns; raises ValueError if it is none of ours.

    Rows have `phase`, events have `kind`; both have `seconds` and `reason`.
    """
    if record[2] & 0x80:
        seconds, kind, reason, detail = struct.unpack_from(_EVENT, record, 0)
        if kind & 0x7F >= len(EVENTS) or reason >= len(REASONS):
            raise ValueError("not a journal record")
        return {"seconds": seconds, "kind": EVENTS[kind & 0x7F], "reason": REASONS[reason], "detail": detail}
    seconds, phase, reason, pulse, tempo, target, level, perfusion, spo2, quality = struct.unpack_from(
        _ROW, record, 0
    )
    if phase >= len(PHASES) or reason >= len(REASONS):
        raise ValueError("not a journal record")
    return {
        "seconds": seconds,
        "phase": PHASES[phase],
        "reason": REASONS[reason],
        "pulse_rate_mbpm": None if pulse == _UNKNOWN_16 else pulse * 10,
        "tempo_mbpm": None if tempo == _UNKNOWN_16 else tempo * 10,
        "target_tempo_mbpm": None if target == _UNKNOWN_16 else target * 10,
        "level_cdba": None if level == _UNKNOWN_16 else level,
        "perfusion_index_ppm": None if perfusion == _UNKNOWN_16 else perfusion * 10,
        "spo2_permille": None if spo2 == _UNKNOWN_8 else spo2 * 5,
        "quality_percent": quality & 0x7F,
        "contact": bool(quality & 0x80),
    }
