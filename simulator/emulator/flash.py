"""The emulated chip's flash: it takes its time, for rp2040py erases and programs at once, and what is on it stays.

The boot ROM asks the flash's status until it is no longer busy, with interrupts off and no code running from flash;
so a busy flash stops the processor here as it does on the board. Every change is on the bedside's flash too when the
chip goes on: whatever ends the chip, and its process, finds there what the device had written.
"""

from typing import Any

from simulator.emulator.image import FILES_START, FLASH_BYTES
from simulator.emulator.wired import Wired
from simulator.flash import PAGE_BYTES, SECTOR_BYTES

_BUSY = 1
_READ_STATUS, _PROGRAM, _SECTOR_ERASE, _BLOCK_ERASE = 0x05, 0x02, 0x20, 0xD8
_SECTORS_OF_A_BLOCK = 16
_CHANGED_BYTES = {
    _PROGRAM: PAGE_BYTES,
    _SECTOR_ERASE: SECTOR_BYTES,
    _BLOCK_ERASE: _SECTORS_OF_A_BLOCK * SECTOR_BYTES,
}


class FlashClock:
    def __init__(self, chip: Wired):
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
        if code not in _CHANGED_BYTES:
            self._apply()
            return
        flash = self._chip.bedside.flash
        if code == _PROGRAM:
            took_us = flash.program_us
            flash.programs += 1
        else:
            took_us = flash.erase_us * (1 if code == _SECTOR_ERASE else _SECTORS_OF_A_BLOCK)
            flash.erases += 1
        self._chip.bedside.sound.interrupts_off(took_us)
        self._busy_until_us = self._chip.now_us + took_us
        count = _CHANGED_BYTES[code]
        start = int.from_bytes(sent[1:4], "big") // count * count
        self._apply()
        if FILES_START <= start < FLASH_BYTES:
            kept = slice(start - FILES_START, start - FILES_START + count)
            flash.image[kept] = self._chip.mcu.flash[start : start + count]

    def _byte(self, value: int) -> int:
        answer = self._shift(value)
        sent = self._controller._tx_buffer
        if len(sent) > 1 and sent[0] == _READ_STATUS and self._chip.now_us < self._busy_until_us:
            answer |= _BUSY
        return answer
