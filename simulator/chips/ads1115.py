"""The ADS1115 converter at its registers: pointer, conversion, configuration, thresholds, ALERT/RDY pin.

After Texas Instruments' data sheet SBAS444. What is on its inputs comes from a function `volts(channel,
t_us)`; time is integer microseconds, handed in with every call, and conversions come into being only when
somebody looks.
"""

from firmware import board

ADDRESS = board.ADDRESS_ADC
POWER_ON_CONFIG = 0x8583
CONVERSION, CONFIG, LOW_THRESHOLD, HIGH_THRESHOLD = 0, 1, 2, 3

OS = 0x8000
SINGLE_SHOT = 0x0100
COMPARATOR_OFF = 3
RATES_HZ = (8, 16, 32, 64, 128, 250, 475, 860)
FULL_SCALE_V = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)
# (positive, negative) by MUX; None is ground.
INPUTS = ((0, 1), (0, 3), (1, 3), (2, 3), (0, None), (1, None), (2, None), (3, None))
WAKE_UP_US = 25  # from the low-power state to the start of a single conversion
# More conversions than this are not looked at one by one for the comparator when nobody asked for so long.
COMPARATOR_LOOKS_BACK = 4096


class ADS1115:
    """The chip. `rate_error_permille` makes its oscillator slow (-) or fast (+): the sheet allows 100."""

    reading_consumes = False

    def __init__(
        self,
        volts,
        address: int = ADDRESS,
        supply_v: float = 3.3,
        rate_error_permille: int = 0,
        now_us: int = 0,
    ):
        self.address = address
        self.volts = volts
        self.supply_v = supply_v
        self.rate_error_permille = rate_error_permille
        self.powered = True
        self.power_cycle(now_us)

    def power_cycle(self, now_us: int) -> None:
        """Power off and on: every register at its power-on value, nothing converting."""
        self.powered = True
        self._pointer = 0
        self._conversion = 0
        self._config = POWER_ON_CONFIG & ~OS
        self._low = 0x8000
        self._high = 0x7FFF
        self._running = None  # configuration of the conversion under way
        self._end_us = None  # when it ends
        self._alert = False
        self._streak = 0

    def power_off(self) -> None:
        """Take the supply away: the chip does not answer. `power_cycle` brings it back."""
        self.powered = False

    def alert_level(self, now_us: int) -> int:
        """Return level of the ALERT/RDY pin (open drain with its pull-up)."""
        self._advance(now_us)
        active_level = self._config >> 3 & 1
        if self._config & 3 == COMPARATOR_OFF:
            return 1
        return active_level if self._alert else 1 - active_level

    @property
    def next_edge_us(self) -> int | None:
        """Return when the conversion under way ends, None when the chip rests."""
        return self._end_us

    def write(self, data: bytes, now_us: int) -> bool:
        if not self.powered:
            return False
        if not data:
            return True
        self._pointer = data[0] & 3
        if len(data) >= 3:  # half a register changes nothing
            self._advance(now_us)
            value = data[1] << 8 | data[2]
            if self._pointer == CONFIG:
                self._configure(value, now_us)
            elif self._pointer == LOW_THRESHOLD:
                self._low = value
            elif self._pointer == HIGH_THRESHOLD:
                self._high = value
        return True

    def read(self, count: int, now_us: int) -> bytes | None:
        if not self.powered:
            return None
        self._advance(now_us)
        if self._pointer == CONVERSION:
            value = self._conversion
            if self._config & 4:  # a latched alert is cleared by reading the conversion
                self._alert = False
        elif self._pointer == CONFIG:
            value = self._config if self._running is not None else self._config | OS
        else:
            value = self._low if self._pointer == LOW_THRESHOLD else self._high
        answer = bytes((value >> 8, value & 0xFF))
        if count <= 2:
            return answer[:count]
        return (answer * (count // 2 + 1))[:count]

    def _configure(self, value, now_us):
        self._config = value & ~OS
        if self._running is not None:
            return  # the conversion under way ends with the settings it began with; the next has the new ones
        if not value & SINGLE_SHOT:
            self._begin(now_us)
        elif value & OS:
            self._begin(now_us + WAKE_UP_US)

    def _begin(self, start_us):
        self._running = self._config
        rate_hz = RATES_HZ[self._config >> 5 & 7]
        self._start_us = start_us
        self._period_us = 1_000_000_000 // (rate_hz * (1000 + self.rate_error_permille))
        self._end_us = start_us + self._period_us

    def _advance(self, now_us):
        while self._end_us is not None and now_us >= self._end_us:
            if self._running == self._config and not self._config & SINGLE_SHOT:
                # Nothing changes until now: of the conversions since, only those somebody could notice are
                # made.
                more = (now_us - self._end_us) // self._period_us
                look_back = COMPARATOR_LOOKS_BACK if self._config & 3 != COMPARATOR_OFF else 0
                if more > look_back:
                    self._end_us += (more - look_back) * self._period_us
            self._convert(self._running, self._end_us - self._period_us // 2)
            if self._config & SINGLE_SHOT:
                self._running = None
                self._end_us = None
            else:
                self._begin(self._end_us)

    def _convert(self, config, at_us):
        positive, negative = INPUTS[config >> 12 & 7]
        value = self._pin(positive, at_us)
        if negative is not None:
            value -= self._pin(negative, at_us)
        code = round(value * 32768 / FULL_SCALE_V[config >> 9 & 7])
        code = min(max(code, -32768), 32767)
        self._conversion = code & 0xFFFF
        queue = config & 3
        if queue != COMPARATOR_OFF:
            self._compare(code, config, (1, 2, 4)[queue])

    def _pin(self, channel, at_us):
        # The inputs' clamp diodes hold them within 0.3 V of the supplies.
        return min(max(self.volts(channel, at_us), -0.3), self.supply_v + 0.3)

    def _compare(self, code, config, needed):
        low = (self._low ^ 0x8000) - 0x8000
        high = (self._high ^ 0x8000) - 0x8000
        if low >= 0 > high:  # conversion-ready mode: the pin says that a conversion ended
            self._alert = True
            return
        outside = code > high or (config & 0x10 and code < low)
        self._streak = self._streak + 1 if outside else 0
        if self._streak >= needed:
            self._alert = True
        elif not outside and not config & 4 and (config & 0x10 or code < low):
            self._alert = False
