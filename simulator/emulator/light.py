"""The emulated chip's PWM as the two lights see it: duty cycles. The waveform is not played, it would only cost time."""

# pyright: reportMissingImports=false

from rp2040py.peripherals.peripheral import ATOMIC_NORMAL, atomic_update

from simulator.emulator.wired import Wired
from simulator.target.messages import PWM

_PAGE = 0x40050
_SLICE_BYTES, _COMPARE, _TOP = 0x14, 0x0C, 0x10
_SLICES = 8


class LightPwm:
    """The registers of the PWM block; a new duty cycle on one of `pins` goes to the bedside."""

    def __init__(self, chip: Wired, pins: tuple[int, ...]):
        self._chip = chip
        self._pins = pins
        self._registers: dict[int, int] = {}
        self._duty_u16: dict[int, int] = {}
        chip.mcu.peripherals[_PAGE] = self

    def read_uint32(self, offset: int) -> int:
        return self._registers.get(offset, 0xFFFF if offset % _SLICE_BYTES == _TOP else 0)

    def write_uint32(self, offset: int, value: int) -> None:
        self._registers[offset] = value
        if offset >= _SLICES * _SLICE_BYTES:
            return
        for pin in self._pins:
            start = (pin >> 1 & 7) * _SLICE_BYTES
            compare = self.read_uint32(start + _COMPARE) >> 16 * (pin & 1) & 0xFFFF
            duty_u16 = min(65535, compare * 65536 // (self.read_uint32(start + _TOP) + 1))
            if duty_u16 != self._duty_u16.get(pin, 0):
                self._duty_u16[pin] = duty_u16
                self._chip.tell(PWM, pin, duty_u16)

    def reset(self) -> None:
        self._registers.clear()

    def write_uint32_atomic(self, offset: int, value: int, atomic_type: int) -> None:
        if atomic_type != ATOMIC_NORMAL:
            value = atomic_update(self.read_uint32(offset), atomic_type, value)
        self.write_uint32(offset, value)
