"""The MAX30102 pulse oximeter at its registers: FIFO, interrupts, modes, LED currents, temperature.

What it sees comes from a light source (the patient, or a recording); what it answers follows Maxim's data
sheet 19-7740 rev 1. Where the data sheet is silent the choice made is said at the line. Time is integer
microseconds, handed in with every call; samples come into being only when somebody looks.
"""

import numpy as np

from firmware import board

ADDRESS = board.ADDRESS_SENSOR
PART_ID = 0x15
REVISION_ID = 0x03

INT_STATUS_1, INT_STATUS_2, INT_ENABLE_1, INT_ENABLE_2 = 0x00, 0x01, 0x02, 0x03
FIFO_WR_PTR, OVF_COUNTER, FIFO_RD_PTR, FIFO_DATA = 0x04, 0x05, 0x06, 0x07
FIFO_CONFIG, MODE_CONFIG, SPO2_CONFIG = 0x08, 0x09, 0x0A
LED1_PA, LED2_PA = 0x0C, 0x0D
MULTI_LED_1, MULTI_LED_2 = 0x11, 0x12
TEMP_INTEGER, TEMP_FRACTION, TEMP_CONFIG = 0x1F, 0x20, 0x21
REVISION, PART = 0xFE, 0xFF

A_FULL, PPG_RDY, ALC_OVF, PWR_RDY = 0x80, 0x40, 0x20, 0x01
DIE_TEMP_RDY = 0x02
SHUTDOWN, RESET = 0x80, 0x40
MODE_HEART_RATE, MODE_SPO2, MODE_MULTI_LED = 2, 3, 7
ROLLOVER = 0x10

FIFO_DEPTH = 32
OVERFLOW_SATURATES = 31
RATES_HZ = (50, 100, 200, 400, 800, 1000, 1600, 3200)
PULSE_WIDTH_BITS = (15, 16, 17, 18)  # 69, 118, 215, 411 µs
FULL_SCALE_NA = (2048, 4096, 8192, 16384)
LED_STEP_MA = 0.2  # 0xFF = 51.0 mA
# Highest rate code for each pulse width code: tables 11 (two LEDs) and 12 (one LED). For three and four
# slots the data sheet has no table: one step lower again.
HIGHEST_RATE = {1: (7, 6, 6, 5), 2: (6, 5, 4, 3), 3: (5, 4, 3, 2), 4: (4, 3, 3, 2)}
AMBIENT_CANCELLED_NA = 200_000.0  # ambient light the ALC takes away before it overflows: 200 µA
TEMPERATURE_US = 29_000
RESET_US = 1_000  # not in the data sheet; long enough that a driver that does not wait is caught

_MICRO = 10**12  # microseconds times microhertz
# Bits that exist, by register; the others read 0 and cannot be set. Absent registers have none.
_WRITABLE = {
    INT_ENABLE_1: 0xE0, INT_ENABLE_2: 0x02, FIFO_WR_PTR: 0x1F, OVF_COUNTER: 0x1F, FIFO_RD_PTR: 0x1F,
    FIFO_CONFIG: 0xFF, MODE_CONFIG: 0xC7, SPO2_CONFIG: 0x7F, LED1_PA: 0xFF, LED2_PA: 0xFF,
    MULTI_LED_1: 0x77, MULTI_LED_2: 0x77, TEMP_CONFIG: 0x01,
}  # fmt: skip


class MAX30102:
    """The chip. `light.photocurrent(start_us, period_us, count)` gives what falls on the photodiode.

    `temperature_c` is a number or a function of `now_us`. `oscillator_ppm` makes the chip's clock run fast
    (+) or slow (-). Light is asked for at most `look_ahead_us` ahead of time; `forget_look_ahead()` drops
    what was asked. With `rollover_moves_read_pointer` False the read pointer stays where it is while old
    samples are overwritten: the data sheet does not say which of the two the silicon does, so a driver must
    survive both. With `lights_exchanged` the module carries infrared as LED1 and red as LED2, as some that are sold do.
    """

    address = ADDRESS
    reading_consumes = True  # a byte that was read is gone

    def __init__(
        self, light, temperature_c=25.0, oscillator_ppm: int = 0, look_ahead_us: int = 1_000_000,
        rollover_moves_read_pointer: bool = True, now_us: int = 0, lights_exchanged: bool = False,
    ):  # fmt: skip
        self.light = light
        self.temperature_c = temperature_c
        self.oscillator_ppm = oscillator_ppm
        self.look_ahead_us = look_ahead_us
        self.rollover_moves_read_pointer = rollover_moves_read_pointer
        self.lights_exchanged = lights_exchanged
        self.samples_made = 0
        self.samples_lost = 0
        self.powered = True
        self.power_cycle(now_us)

    # What happens to the chip from outside

    def power_cycle(self, now_us: int) -> None:
        """Power off and on, or a brown-out: every register at its power-on value, PWR_RDY raised."""
        self.powered = True
        self._clear(now_us)
        self._status_1 = PWR_RDY

    def power_off(self) -> None:
        """Take the supply away: the chip does not answer. `power_cycle` brings it back."""
        self.powered = False

    def forget_look_ahead(self) -> None:
        """Ask the light again for what has not been sampled yet: the patient was changed by hand."""
        self._chunk_start = self._chunk_end = self._made

    def set_oscillator(self, ppm: int, now_us: int) -> None:
        """Let the chip's clock run fast (+) or slow (-) from now on."""
        self._advance(now_us)
        self.oscillator_ppm = ppm
        if self._leds:
            self._begin_run(self._time_of(self._made))

    def interrupt_level(self, now_us: int) -> int:
        """Return level of the INT pin (open drain, active low)."""
        self._advance(now_us)
        active = self._status_1 & (self._registers[INT_ENABLE_1] | PWR_RDY)
        active |= self._status_2 & self._registers[INT_ENABLE_2]
        return 0 if active else 1

    @property
    def next_edge_us(self) -> int | None:
        """Return the earliest time at which the chip may do something by itself, None when nothing is under way."""
        times = [t for t in (self._next_us, self._temperature_us) if t is not None]
        return min(times) if times else None

    # The two methods of an I2C target

    def write(self, data: bytes, now_us: int) -> bool:
        if not self.powered:
            return False
        if not data:
            return True
        self._pointer = data[0]
        if len(data) > 1:
            self._advance(now_us)
            for value in data[1:]:
                self._write_register(self._pointer, value, now_us)
                if self._pointer != FIFO_DATA:
                    self._pointer = (self._pointer + 1) & 0xFF
        return True

    def read(self, count: int, now_us: int) -> bytes | None:
        if not self.powered:
            return None
        self._advance(now_us)
        first = self._pointer
        if first == FIFO_DATA:
            return self._read_fifo(count)
        if first < first + count <= FIFO_DATA:
            return self._read_head(first, first + count)
        answer = bytearray(count)
        for i in range(count):
            register = self._pointer
            if register == FIFO_DATA:
                answer[i:] = self._read_fifo(count - i)
                break
            answer[i] = self._read_register(register)
            self._pointer = (register + 1) & 0xFF
        return bytes(answer)

    # Registers

    def _read_head(self, first, end):
        """Read registers below FIFO_DATA in one go: what a driver asks for most often."""
        registers = self._registers
        registers[INT_STATUS_1] = self._status_1
        registers[INT_STATUS_2] = self._status_2
        registers[FIFO_WR_PTR] = self._write_pointer
        registers[OVF_COUNTER] = self._overflow
        registers[FIFO_RD_PTR] = self._read_pointer
        if first == INT_STATUS_1:
            self._status_1 = 0
        if first <= INT_STATUS_2 < end:
            self._status_2 = 0
        self._pointer = end
        return bytes(registers[first:end])

    def _read_register(self, register):
        if FIFO_WR_PTR <= register <= FIFO_RD_PTR:
            if register == FIFO_WR_PTR:
                return self._write_pointer
            return self._overflow if register == OVF_COUNTER else self._read_pointer
        if register == INT_STATUS_1:
            value = self._status_1
            self._status_1 = 0
            return value
        if register == INT_STATUS_2:
            value = self._status_2
            self._status_2 = 0
            return value
        if register == TEMP_FRACTION:
            self._status_2 = 0
        return self._registers[register]

    def _write_register(self, register, value, now_us):
        mask = _WRITABLE.get(register)
        if mask is None or self._registers[MODE_CONFIG] & RESET:  # the chip is deaf while it resets
            return
        value &= mask
        if FIFO_WR_PTR <= register <= FIFO_RD_PTR:
            if register == OVF_COUNTER:
                self._overflow = value
                return
            if register == FIFO_WR_PTR:
                self._write_pointer = value
            else:
                self._read_pointer = value
                self._byte = 0
            # Only the pointers are left to tell how much is in the FIFO, and equal ones then mean empty.
            self._count = (self._write_pointer - self._read_pointer) & 31
            return
        if register == TEMP_CONFIG:
            # The bit reads 0 again at once on the real chip (SparkFun_MAX3010x_Sensor_Library issue 19), so
            # polling it reads the temperature too early; DIE_TEMP_RDY is the one to wait for.
            if value and self._temperature_us is None:
                self._temperature_us = now_us + TEMPERATURE_US
            return
        if register == MODE_CONFIG and value & RESET:
            self._clear(now_us)
            self._registers[MODE_CONFIG] = RESET
            self._reset_us = now_us + RESET_US
            return
        before = self._registers[register]
        self._registers[register] = value
        if register in (LED1_PA, LED2_PA):
            if value != before:
                self._encode()
        elif register == INT_ENABLE_1:
            self._status_1 &= value | PWR_RDY
        elif register == INT_ENABLE_2:
            self._status_2 &= value
        elif register >= FIFO_CONFIG:
            self._apply(now_us)

    def _clear(self, now_us):
        self._registers = bytearray(256)
        self._registers[REVISION] = REVISION_ID
        self._registers[PART] = PART_ID
        self._pointer = 0
        self._status_1 = 0
        self._status_2 = 0
        self._fifo = [bytes(12)] * FIFO_DEPTH
        self._write_pointer = 0
        self._read_pointer = 0
        self._overflow = 0
        self._count = 0
        self._byte = 0  # of the sample that FIFO_DATA is in the middle of
        self._sample = bytes(12)
        self._reset_us = None
        self._temperature_us = None
        self._setting = None  # what the run of samples under way was started with
        self._apply(now_us)

    def _apply(self, now_us):
        """Take the configuration over; what shapes the samples begins a new run of them."""
        mode = self._registers[MODE_CONFIG]
        leds = ()
        if mode & 7 == MODE_HEART_RATE:
            leds = (1,)
        elif mode & 7 == MODE_SPO2:
            leds = (1, 2)
        elif mode & 7 == MODE_MULTI_LED:
            slots = self._registers[MULTI_LED_1] | self._registers[MULTI_LED_2] << 8
            for shift in (0, 4, 8, 12):  # slots are enabled in order: the first empty one ends the list
                led = slots >> shift & 7
                if led == 0:
                    break
                leds += (led,)
        if leds:
            configured = self._registers[SPO2_CONFIG]
            highest = HIGHEST_RATE[len(leds)][configured & 3]
            if configured >> 2 & 7 > highest:
                self._registers[SPO2_CONFIG] = configured & 0xE3 | highest << 2
        self._width = 3 * len(leds)
        if mode & SHUTDOWN:
            self._status_1 = 0
            self._status_2 = 0
            leds = ()
        averaging = 1 << min(self._registers[FIFO_CONFIG] >> 5, 5)
        setting = (leds, self._registers[SPO2_CONFIG], averaging)
        if setting == self._setting:
            return
        self._setting = setting
        self._leds = leds
        self._averaging = averaging
        self._byte = 0
        self._begin_run(now_us)

    # Samples

    def _begin_run(self, start_us):
        """Samples at the programmed rate from `start_us` on, or none in a mode without LEDs."""
        self._start_us = start_us
        self._made = 0  # samples of this run that went to the FIFO, or were lost
        self._chunk_start = 0
        self._chunk_end = 0
        self._chunk_bytes = b""
        self._next_us = None
        if self._leds:
            rate_hz = RATES_HZ[self._registers[SPO2_CONFIG] >> 2 & 7]
            # Samples come `averaging` times more slowly than conversions.
            self._rate = rate_hz * (1_000_000 + self.oscillator_ppm)
            self._conversion_us = _MICRO / self._rate
            self._next_us = self._time_of(1)

    def _time_of(self, sample):
        """Return when the run's sample number `sample` (from 1) is ready."""
        return self._start_us - (-sample * self._averaging * _MICRO // self._rate)

    def _advance(self, now_us):
        """Let everything happen that happens by itself until `now_us`."""
        if self._reset_us is not None and now_us >= self._reset_us:
            self._reset_us = None
            self._registers[MODE_CONFIG] &= ~RESET
        if self._temperature_us is not None and now_us >= self._temperature_us:
            self._measure_temperature(self._temperature_us)
        if self._next_us is None or now_us < self._next_us:
            return
        due = (now_us - self._start_us) * self._rate // (_MICRO * self._averaging)
        rolls_over = self._registers[FIFO_CONFIG] & ROLLOVER
        if rolls_over and due - self._made > 4 * FIFO_DEPTH:
            # Nobody has looked for a long time: what has been overwritten meanwhile need not have existed.
            self._lose(due - self._made - 2 * FIFO_DEPTH)
        while self._made < due:
            if self._count == FIFO_DEPTH and not rolls_over:
                self._lose(due - self._made)
                break
            if self._made >= self._chunk_end:
                self._look_ahead()
            until = min(due, self._chunk_end)
            self._push((self._made - self._chunk_start) * self._width, until - self._made)
            self._made = until
        self._next_us = self._time_of(self._made + 1)

    def _lose(self, count):
        """Samples that nobody will ever read; at least as many as fill the FIFO, or it is full already."""
        room = FIFO_DEPTH - self._count
        if room:
            self._count = FIFO_DEPTH
            self._status_1 |= A_FULL & self._registers[INT_ENABLE_1]
        if self._registers[FIFO_CONFIG] & ROLLOVER:
            self._write_pointer = (self._write_pointer + count) & 31
            if self.rollover_moves_read_pointer:
                self._read_pointer = (self._read_pointer + count - room) & 31
        self._overflow = min(OVERFLOW_SATURATES, self._overflow + count - room)
        self._status_1 |= PPG_RDY & self._registers[INT_ENABLE_1]
        self.samples_made += count
        self.samples_lost += count - room
        self._made += count
        self._chunk_start = self._chunk_end = self._made

    def _push(self, offset, count):
        width = self._width
        chunk = self._chunk_bytes
        rollover = self._registers[FIFO_CONFIG] & ROLLOVER
        almost_full = FIFO_DEPTH - (self._registers[FIFO_CONFIG] & 0x0F)
        enabled = self._registers[INT_ENABLE_1]
        self.samples_made += count
        before = self._count
        if before + count <= FIFO_DEPTH:  # nothing is overwritten: all of them at once
            made = [chunk[at : at + width] for at in range(offset, offset + count * width, width)]
            place = self._write_pointer
            behind = FIFO_DEPTH - place  # so many places are left before the first one follows
            self._fifo[place : place + count] = made[:behind]
            self._fifo[: count - len(made[:behind])] = made[behind:]
            self._write_pointer = (place + count) & 31
            self._count = before + count
            if before < almost_full <= self._count:
                self._status_1 |= A_FULL & enabled
            count = 0
        for _ in range(count):
            if self._count == FIFO_DEPTH:
                self.samples_lost += 1
                if self._overflow < OVERFLOW_SATURATES:
                    self._overflow += 1
                if not rollover:
                    offset += width
                    continue
                if self.rollover_moves_read_pointer:
                    self._read_pointer = (self._read_pointer + 1) & 31
            else:
                self._count += 1
                if self._count == almost_full:
                    self._status_1 |= A_FULL & enabled
            self._fifo[self._write_pointer] = chunk[offset : offset + width]
            self._write_pointer = (self._write_pointer + 1) & 31
            offset += width
        self._status_1 |= PPG_RDY & enabled
        if self._ambient_overflows:
            self._status_1 |= ALC_OVF & enabled

    def _read_fifo(self, count):
        """`count` bytes at FIFO_DATA: the read pointer moves on with the first byte of each sample.

        An empty FIFO gives what lies at the read pointer, old as it is, and the pointer stays (the data
        sheet does not say; a driver that reads an empty FIFO gets samples it has seen before).
        """
        width = self._width
        if not width:
            return bytes(count)
        self._status_1 &= ~PPG_RDY
        whole = count // width
        if not self._byte and whole * width == count and 0 < whole <= self._count:
            place = self._read_pointer
            pieces = self._fifo[place : place + whole]
            if place + whole > FIFO_DEPTH:
                pieces += self._fifo[: place + whole - FIFO_DEPTH]
            answer = b"".join(pieces)
            if len(answer) == count and {*map(len, pieces)} == {width}:
                self._count -= whole
                self._read_pointer = (place + whole) & 31
                self._overflow = 0
                return answer
        pieces = []
        wanted = count
        while wanted > 0:
            if self._byte == 0:
                sample = self._fifo[self._read_pointer]
                if self._count:
                    self._count -= 1
                    self._read_pointer = (self._read_pointer + 1) & 31
                    self._overflow = 0
                if wanted >= width and len(sample) == width:
                    pieces.append(sample)
                    wanted -= width
                    continue
                self._sample = (sample + bytes(12))[:width]
            piece = self._sample[self._byte : self._byte + wanted]
            pieces.append(piece)
            wanted -= len(piece)
            self._byte = (self._byte + len(piece)) % width if piece else 0
        return b"".join(pieces)

    def _look_ahead(self):
        """Ask the light for the next stretch of conversions."""
        averaging = self._averaging
        count = max(1, int(self.look_ahead_us / (self._conversion_us * averaging)))
        first = self._made
        start_us = self._start_us + int(first * averaging * self._conversion_us)
        ir, red, ambient = self.light.photocurrent(start_us, self._conversion_us, count * averaging)
        self._per_led = {1: ir, 2: red} if self.lights_exchanged else {1: red, 2: ir}
        self._excess = np.maximum(np.asarray(ambient) - AMBIENT_CANCELLED_NA, 0.0)
        self._ambient_overflows = bool(self._excess.any())
        self._chunk_start = first
        self._chunk_end = first + count
        self._encode()

    def _encode(self):
        """Turn the light of the present chunk into the FIFO's bytes, at the LED currents of now."""
        count = self._chunk_end - self._chunk_start
        if not self._leds or count <= 0:
            return
        configured = self._registers[SPO2_CONFIG]
        bits = PULSE_WIDTH_BITS[configured & 3]
        lsb_na = FULL_SCALE_NA[configured >> 5 & 3] / (1 << bits)
        counts = np.zeros((count, len(self._leds)), np.int64)
        for place, led in enumerate(self._leds):
            current = self._excess
            if led in (1, 2):  # the MAX30102 has no green LED and no pilot current
                current = current + self._per_led[led] * (LED_STEP_MA * self._registers[LED1_PA + led - 1])
            converted = np.clip(np.rint(current / lsb_na), 0, (1 << bits) - 1).astype(np.int64)
            if self._averaging > 1:
                converted = converted.reshape(count, self._averaging).sum(axis=1) // self._averaging
            counts[:, place] = converted << (18 - bits)  # left justified: the top bit is always bit 17
        self._chunk_bytes = (
            counts.astype(">u4").view(np.uint8).reshape(count, len(self._leds), 4)[:, :, 1:].tobytes()
        )

    def _measure_temperature(self, at_us):
        self._temperature_us = None
        celsius = self.temperature_c(at_us) if callable(self.temperature_c) else self.temperature_c
        sixteenths = min(max(round(celsius * 16), -128 * 16), 127 * 16 + 15)
        self._registers[TEMP_INTEGER] = sixteenths >> 4 & 0xFF
        self._registers[TEMP_FRACTION] = sixteenths & 0x0F
        self._status_2 |= DIE_TEMP_RDY & self._registers[INT_ENABLE_2]
