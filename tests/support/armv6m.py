"""Runs a function's machine code for the RP2040 in an emulated Cortex-M0+ and counts its cycles.

The code is what mpy-cross makes for the chip of a viper function or one of MicroPython's assembler, loaded out of the .mpy
file. Cycles are those of the Cortex-M0+ manual, with the code in RAM, as MicroPython loads it: no flash cache, no
contention. Whatever is read or written besides its buffers and its stack is an AssertionError.
"""

import struct
import tempfile
from pathlib import Path

from unicorn import (  # pyright: ignore
    UC_ARCH_ARM,
    UC_HOOK_CODE,
    UC_HOOK_MEM_READ,
    UC_HOOK_MEM_WRITE,
    UC_MEM_READ,
    UC_MODE_MCLASS,
    UC_MODE_THUMB,
    Uc,
)
from unicorn.arm_const import (
    UC_ARM_REG_LR,
    UC_ARM_REG_R0,
    UC_ARM_REG_R1,
    UC_ARM_REG_R2,
    UC_ARM_REG_R3,
    UC_ARM_REG_R4,
    UC_ARM_REG_R5,
    UC_ARM_REG_R6,
    UC_ARM_REG_R7,
    UC_ARM_REG_R8,
    UC_ARM_REG_R9,
    UC_ARM_REG_R10,
    UC_ARM_REG_R11,
    UC_ARM_REG_SP,
    UC_CPU_ARM_CORTEX_M0,
)

from simulator.compact import fold
from simulator.interpreter import ROOT, compile_text, device_texts, functions
from simulator.mpy_file import ASSEMBLER, VIPER, MpyFile

_ARGUMENTS = (UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3)
_SAVED = (
    UC_ARM_REG_R4, UC_ARM_REG_R5, UC_ARM_REG_R6, UC_ARM_REG_R7, UC_ARM_REG_R8, UC_ARM_REG_R9, UC_ARM_REG_R10,
    UC_ARM_REG_R11,
)  # fmt: skip
CODE, DATA, TABLE, STACK = 0x10000, 0x20000000, 0x40000, 0x200F0000
STACK_BYTES = 512
KEPT = 0x5EED  # in what a function has to leave as it was
RETURN = TABLE + 0x3FF0


def folder_texts(folder: Path, arch: str) -> dict[str, str]:
    """What is compiled of the files of a folder for a chip or, for x64, for a desk."""
    return fold({name: text for name, text in device_texts(arch).items() if (ROOT / name).parent == folder})


def machine_code(source: Path, arch: str, emitter: str) -> dict[str, bytes]:
    """The machine code for ARMv6-M of a file's functions that stand under this word ("viper"), of those that are compiled
    for a chip or, for x64, for a desk.
    """
    texts = folder_texts(source.parent, arch)
    name = source.relative_to(ROOT).as_posix()
    kinds = {"viper": VIPER, "asm_thumb": ASSEMBLER}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "code.mpy"
        compile_text(texts[name], target, "armv6m", name)
        codes = [code.code for code in MpyFile(target.read_bytes()).codes if code.kind == kinds[emitter]]
    names = [node.name for node in functions(texts[name], emitter)]
    return dict(zip(names, codes, strict=True))


class Chip:
    """One function on the emulated core. `call(...)` takes integers and buffers, and fills the buffers as
    the chip does.
    """

    def __init__(self, code: bytes, assembler: bool = False, counting: bool = True):
        self.cycles = 0
        self._assembler = assembler
        self._after, self._penalty = None, 0
        self._core = core = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        core.ctl_set_cpu_model(UC_CPU_ARM_CORTEX_M0)  # an instruction that only a larger one has is an error
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
        if counting:
            core.hook_add(UC_HOOK_CODE, self._step)
        core.hook_add(UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, self._touch)
        self._free = DATA + 0x10000
        self._ours: list[tuple[int, int]] = []  # where the function may read and write
        self._strays: list[str] = []

    def _touch(self, core, kind, address, size, value, _):
        reading = kind == UC_MEM_READ
        for begin, end in self._ours:
            if begin <= address and address + size <= end:
                return
        if reading and (CODE <= address < CODE + 0x20000 or DATA <= address < DATA + 0x4000):
            return
        self._strays.append(f"{'reads' if reading else 'writes'} {size} bytes at {address:#x}")

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
        at, self._free = self._free, self._free + (len(data) + 15 & ~15) + 64
        self._core.mem_write(at, data)
        self._ours.append((at, at + len(data)))
        return at

    def call(self, *arguments) -> int:
        """Run the function; buffers among the arguments are copied in and out. Returns r0."""
        self._free, self._ours, self._strays = DATA + 0x10000, [(STACK - STACK_BYTES, STACK)], []
        places = [
            value & 0xFFFFFFFF if isinstance(value, int) else self._place(bytes(value)) for value in arguments
        ]
        core = self._core
        given = (
            places
            if self._assembler
            else [DATA, len(places), 0, self._place(struct.pack(f"<{len(places)}I", *places))]
        )
        for register, value in zip(_ARGUMENTS, given, strict=False):
            core.reg_write(register, value)
        for register in _SAVED:
            core.reg_write(register, KEPT + register)
        core.reg_write(UC_ARM_REG_SP, STACK)
        core.reg_write(UC_ARM_REG_LR, RETURN + 1)
        self.cycles, self._after = 0, None
        core.emu_start(CODE + 1, RETURN, 0, 100_000_000)
        if self._strays:
            raise AssertionError(f"it {self._strays[0]}, and {len(self._strays) - 1} more")
        if core.reg_read(UC_ARM_REG_SP) != STACK:
            raise AssertionError("it leaves the stack otherwise than it was")
        if any(core.reg_read(register) != KEPT + register for register in _SAVED):
            raise AssertionError("it leaves a register otherwise than it was that is its caller's")
        for value, place in zip(arguments, places, strict=True):
            if not isinstance(value, int):
                memoryview(value).cast("B")[:] = core.mem_read(place, memoryview(value).nbytes)
        return core.reg_read(UC_ARM_REG_R0)
