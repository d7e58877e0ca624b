"""What happened, second by second: records of 16 bytes, for flash, the USB link and the service header alike.

No name, no record number, no clock time: seconds since the device was switched on. A row says how a second was; an event
says that something happened. What survives a power cut is told in docs/storage.md.

A row:   seconds u16, phase u8, reason u8, pulse u16, tempo u16, target tempo u16 (hundredths of bpm), level u16
         (hundredths of dB(A)), perfusion u16 (tens of ppm), SpO2 u8 (half percent), quality u8 (percent, bit 7 contact).
An event: seconds u16, 0x80 | kind u8, reason u8, detail i32, zeros.
An adult's breath, an event of the kind "breath" just before the row of its second: seconds u16, 0x80 | kind u8, why the
         variability is unknown u8, breathing rate, amplitude u16 (hundredths a minute), variability u16 (hundredths of a
         ms), beats corrected, coherence u8 (half percent), the pacer's pace u16 (hundredths a minute), feedback u8 (percent
         and 100), pacer u8 (a place in PACERS, bit 7 the last paced breath followed).
The profile that plays, an event of the kind "profile" as a session begins: its detail is a place in POPULATIONS, and in
         place of the zeros are the first 8 bytes of the SHA-256 of its record (zeros: not told).
The largest number of a field means unknown.

A page of flash: 15 records; the page's number in its session u16, how many of the records count u8, 1 in a session's last
page u8, zeros, and the CRC-32 of all that.
"""

import binascii
import struct

import micropython
from micropython import const

from firmware.memory.names import SESSION, SESSIONS_KEPT
from firmware.reasons import LET_GO, PHASES, REASONS

RECORD_BYTES = 16
# What a driver says of its chip (drivers/max3010x.py, drivers/adc.py); the detail of a "fault" is a place in this list.
CHIP_FAULTS = (
    None, "sensor_absent", "sensor_bus_stuck", "sensor_wrong_part", "sensor_reset", "sensor_readback", "sensor_rate",
    "sensor_stopped", "adc_absent", "adc_bus_stuck", "adc_readback", "adc_stopped",
)  # fmt: skip
# Why an older firmware runs (root/choice.py); the detail of "fell_back" is a place in this list.
WHY_LEFT = ("damaged", "never_ran")
# The detail of "arm" is which arm of which study (prescription/profile.py): not whether it is the sham.
# The detail of "cut" is what machine.reset_cause() says, of "segment" care/plan.py's code of it; after "full" there are no
# more rows.
EVENTS = (
    "boot",
    "phase",
    "press",
    "hold",
    "end",
    "fault",
    "save_failed",
    "heap",
    "cut",
    "full",
    "recording_failed",
    "fell_back",
    "breath",
    "segment",
    "seed",
    "arm",
    "profile",
)
POPULATIONS = ("newborn", "adult")
PACERS = ("off", "paced", LET_GO)
BREATH_EVERY_S = 10  # so often a breath is kept, so that 45 minutes of rows still fit beside

_ROW = "<HBBHHHHHBB"
_EVENT = "<HBBi"
_BREATH = "<HBBHHHBBHBB"
_UNKNOWN_16 = const(0xFFFF)
_UNKNOWN_8 = const(0xFF)
_KIND_PLACE = const(2)  # of a record: a row's phase, or an event's kind with this bit
_EVENT_BIT = const(0x80)
_KIND_BITS = const(0x7F)
_PAGE_BYTES = const(256)
_PAGE_RECORDS = const(15)
_FOOT = "<HBB8x"
_FOOT_PLACE = const(240)
_CHECKED_BYTES = const(252)
_TRIES = const(3)  # pages that are written one after the other while sound plays
_PAGES_FOR_EVENTS = const(2)  # kept back, so that a session too long for the pages still says how it ended


def _small(value, divisor, unknown):
    """A reading in a field's unit, never mistaken for `unknown`, which stands for None."""
    if value is None:
        return unknown
    value = (value + divisor // 2) // divisor
    if value < 0:
        return 0
    return value if value < unknown else unknown - 1


class Journal:
    """Makes records, and keeps those of a session: the newest in RAM, and each 15 of them on flash as they are made.

    `pages` is drivers/flash_pages.py, `store` holds the sessions that are over. `record` is the one made last, to be kept
    and to be sent on; `has_rows` says that a session is being kept.

    Where no page takes them any more, rows are left out and an event says so; of events the newest 15 always stay.
    """

    def __init__(self, pages, store):
        self._pages = pages
        self._store = store
        self._page = bytearray(_PAGE_BYTES)
        self._checked = memoryview(self._page)[:_CHECKED_BYTES]
        self._note = bytearray(RECORD_BYTES)
        self.record = bytearray(RECORD_BYTES)
        self._forget()

    def _forget(self):
        self._fill = 0  # records in RAM
        self._next = 0  # where flash is free
        self._number = 0  # pages that flash holds
        self._full = False
        self.has_rows = False

    def row(self, uptime_s, outputs, inputs):
        """Make the record of this second: what the session asks for and what the sensors say."""
        quality = inputs.quality_percent
        struct.pack_into(
            _ROW,
            self.record,
            0,
            uptime_s & 0xFFFF,
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

    def event(self, uptime_s, kind, reason=None, detail=0):
        """Make the record of something that happened; `kind` is one of EVENTS, `detail` a whole number."""
        _pack_event(self.record, uptime_s & 0xFFFF, kind, reason, detail)

    def profile(self, uptime_s, population, digest):
        """Make the record of which profile plays; digest: of 8 bytes, or None where it is not to be told."""
        _pack_event(self.record, uptime_s & 0xFFFF, "profile", None, POPULATIONS.index(population))
        if digest is not None:
            for place in range(8):
                self.record[8 + place] = digest[place]

    def breath(self, uptime_s, variability, outputs):
        """Make the record of an adult's breath and pulse variability (light/variability.py), and of the pacer."""
        breath = variability.breath
        feedback = outputs.feedback_permille
        struct.pack_into(
            _BREATH,
            self.record,
            0,
            uptime_s & 0xFFFF,
            _EVENT_BIT | EVENTS.index("breath"),
            REASONS.index(variability.reason),
            _small(breath.rate_mbpm, 10, _UNKNOWN_16),
            _small(breath.amplitude_mbpm, 10, _UNKNOWN_16),
            _small(variability.rmssd_us, 10, _UNKNOWN_16),
            _small(variability.beats_corrected_permille, 5, _UNKNOWN_8),
            _small(breath.coherence_permille, 5, _UNKNOWN_8),
            _small(outputs.pace_mbpm, 10, _UNKNOWN_16),
            _UNKNOWN_8 if feedback is None else feedback // 10 + 100,
            PACERS.index(outputs.pacer) | (0x80 if outputs.breath_followed else 0),
        )

    def keep_breath(self, uptime_s):
        """Add the breath made last to those kept, every tenth second of a session's."""
        if self.has_rows and not self._full and uptime_s % BREATH_EVERY_S == 0:
            self._add(self.record)

    def keep(self):
        """Add the record made last to those kept. A row is of a session; events before its first row stay in RAM."""
        record = self.record
        if record[_KIND_PLACE] & _EVENT_BIT:
            self._add(record)
            return
        if self._full:
            return
        self.has_rows = True
        self._add(record)
        if self._pages.count - self._next <= _PAGES_FOR_EVENTS:
            self._full = True
            _pack_event(self._note, record[0] | record[1] << 8, "full", None, 0)
            self._add(self._note)

    def flush(self, closing=False):
        """Bring what is in RAM to flash now, even a part of a page; `closing` says that the session is over.

        A page that flash does not hold is passed over. While sound plays only so many at once, the others with the next
        record: each may stop all else for 3 ms, and a worn flash would hold up the sound with all of them. So after two the
        block is given up, and a block that is worn loses no record.
        """
        page = self._page
        struct.pack_into(_FOOT, page, _FOOT_PLACE, self._number, self._fill, closing)
        struct.pack_into("<I", page, _CHECKED_BYTES, binascii.crc32(self._checked))
        failed = 0
        while self._next < self._pages.count and (closing or failed < _TRIES):
            self._next += 1
            if self._pages.write(self._next - 1, page):
                self._number += 1
                self._fill = 0
                return
            failed += 1
            if failed == 2 and not closing:
                self._next = self._pages.past(self._next - 1)

    def save(self, feed):
        """Put the session beside those before it, and make its pages free again; `feed` is called now and then.

        Only while the amplifier is off. Raises OSError; then everything stays, and the next session is added to it.
        """
        self.flush(True)
        self._store.save_pieces(SESSION, 1, lambda: self._pieces(feed), SESSIONS_KEPT)
        self._pages.erase(feed)
        self._forget()

    def open(self, cause):
        """Save, at boot, a session that the power or a reset cut, and get the pages ready; return whether there was one.

        `cause` is the reset's, told with the event "cut". Raises OSError when not everything could be done.
        """
        try:
            cut = self._recover(cause)
        except OSError:
            self._pages.find()
            raise
        lost = self._pages.find()
        self._pages.erase(_nothing)
        self._forget()
        if lost:
            raise OSError(5)
        return cut

    def _recover(self, cause):
        page = bytearray(_PAGE_BYTES)
        closed = False
        seconds = 0
        for place in self._pages.read(page):
            foot = _read_foot(page, self._number)
            if foot is not None:
                self._next = place + 1
                self._number += 1
                self.has_rows = True
                count, closed = foot
                if count:
                    seconds = struct.unpack_from("<H", page, (count - 1) * RECORD_BYTES)[0]
        if not self._number or self._is_saved():
            return False
        if not closed:
            # Its time is the last that is known of the session.
            _pack_event(self._note, seconds, "cut", None, cause)
            self._add(self._note)
        self._store.save_pieces(SESSION, 1, lambda: self._pieces(_nothing), SESSIONS_KEPT)
        return not closed

    def _is_saved(self):
        """Return whether the newest session in the store begins with what the pages hold: the cut came after it was
        saved.
        """
        saved = self._store.history(SESSION, SESSIONS_KEPT)
        if not saved:
            return False
        _age, newest = saved[-1]
        other = bytearray(_PAGE_BYTES)
        offset = 0
        for piece in self._pieces(_nothing):
            there = memoryview(other)[: len(piece)]
            self._store.read_into(SESSION, newest, offset, there)
            if there != piece:
                return False
            offset += len(piece)
        return True

    def _pieces(self, feed):
        """Everything kept, oldest first, a page at a time."""
        page = bytearray(_PAGE_BYTES)
        number = 0
        for _ in self._pages.read(page):
            feed()
            foot = _read_foot(page, number)
            if foot is not None:
                number += 1
                yield memoryview(page)[: foot[0] * RECORD_BYTES]
        if self._fill:
            yield memoryview(self._page)[: self._fill * RECORD_BYTES]

    def _add(self, record):
        if self._fill == _PAGE_RECORDS:
            _drop_first(self._page)
            self._fill -= 1
        _copy(self._page, self._fill * RECORD_BYTES, record)
        self._fill += 1
        if self._fill == _PAGE_RECORDS and self.has_rows:
            self.flush()


def _pack_event(record, seconds, kind, reason, detail):
    for place in range(8, RECORD_BYTES):
        record[place] = 0
    struct.pack_into(
        _EVENT, record, 0, seconds, _EVENT_BIT | EVENTS.index(kind), REASONS.index(reason), detail
    )


def _read_foot(page, number):
    """(records, whether the session was closed) of the page of this number, None for any other page or damage."""
    found, count, closed = struct.unpack_from(_FOOT, page, _FOOT_PLACE)
    if found != number or count > _PAGE_RECORDS:
        return None
    crc = struct.unpack_from("<I", page, _CHECKED_BYTES)[0]
    if binascii.crc32(memoryview(page)[:_CHECKED_BYTES]) != crc:
        return None
    return count, closed


def _nothing():
    return None


@micropython.viper
def _copy(into: ptr8, at: int, source: ptr8):
    for offset in range(16):
        into[at + offset] = source[offset]


@micropython.viper
def _drop_first(page: ptr8):
    for place in range(16 * 14):
        page[place] = page[place + 16]


def read_record(record):
    """Return a record as a dict with None for unknowns; raises ValueError if it is none of ours.

    Rows have `phase`, events have `kind`; both have `seconds` and `reason`. Of events a "breath" has its readings, the
    others `detail`; a "profile" also `sha256`, in hex.
    """
    if record[_KIND_PLACE] == _EVENT_BIT | EVENTS.index("breath"):
        return _read_breath(record)
    if record[_KIND_PLACE] & _EVENT_BIT:
        seconds, kind, reason, detail = struct.unpack_from(_EVENT, record, 0)
        if kind & _KIND_BITS >= len(EVENTS) or reason >= len(REASONS):
            raise ValueError("not a journal record")
        found = {
            "seconds": seconds,
            "kind": EVENTS[kind & _KIND_BITS],
            "reason": REASONS[reason],
            "detail": detail,
        }
        if found["kind"] == "profile":
            digest = bytes(record[8:])
            found["sha256"] = binascii.hexlify(digest).decode() if any(digest) else None
        return found
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


def _read_breath(record):
    seconds, _, reason, rate, amplitude, varies, corrected, coherence, pace, feedback, pacer = (
        struct.unpack_from(_BREATH, record, 0)
    )
    if reason >= len(REASONS) or pacer & 0x7F >= len(PACERS):
        raise ValueError("not a journal record")
    return {
        "seconds": seconds,
        "kind": "breath",
        "reason": REASONS[reason],
        "breathing_rate_mbpm": None if rate == _UNKNOWN_16 else rate * 10,
        "breath_amplitude_mbpm": None if amplitude == _UNKNOWN_16 else amplitude * 10,
        "pulse_variability_us": None if varies == _UNKNOWN_16 else varies * 10,
        "beats_corrected_permille": None if corrected == _UNKNOWN_8 else corrected * 5,
        "coherence_permille": None if coherence == _UNKNOWN_8 else coherence * 5,
        "pace_mbpm": None if pace == _UNKNOWN_16 else pace * 10,
        "feedback_percent": None if feedback == _UNKNOWN_8 else feedback - 100,
        "pacer": PACERS[pacer & 0x7F],
        "breath_followed": bool(pacer & 0x80),
    }
