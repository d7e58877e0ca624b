"""Which of the two firmwares starts: the newest that is whole and comes as far as its loop, whatever the power does.

firmware/root/choice.py runs as it is, on littlefs and on registers that outlive a reset and not the power. On a chip, under
MicroPython: tests/sim/test_rp2040.py.
"""

import sys
import types

import littlefs
import power_cuts
import pytest

from firmware import board
from simulator import flash as chips
from simulator.interpreter import ROOT
from simulator.slot import SUMS, slot_sums

SOURCE = (ROOT / "firmware" / "root" / "choice.py").read_text("utf-8")
OLD = {"firmware/main.mpy": b"the old firmware" * 300, "firmware/board.mpy": b"its board"}
NEW = {"firmware/main.mpy": b"the new firmware" * 300, "firmware/board.mpy": b"its board"}


class Reset(BaseException):
    """The chip starts again; not an Exception, so that no handler takes it for one of its own."""


class Chip:
    """A flash with two firmwares, b the newer one and to be started; and what machine shows of the chip."""

    def __init__(self, image=None):
        self.flash = power_cuts.Recorder(image)
        self.registers = {}
        self.watched_ms = None
        self.lit = {}

    def deploy(self, slot, files, boots=True):
        self.flash.install(
            {f"{slot}/{name}": data for name, data in {**files, SUMS: slot_sums(files)}.items()}
        )
        if boots:
            self.flash.install({"slot": slot.encode()})
        return self

    def spoil(self, path, data=b"something else"):
        self.flash.install({path: data})

    def read(self, path):
        files = chips.mount(self.flash.read, lambda *_: None, lambda *_: None)
        try:
            with files.open(path, "r") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def power_cut(self):
        self.registers.clear()

    def load(self):
        """The file's own names, as MicroPython imports them anew at each start."""
        files = chips.mount(self.flash.read, self.flash.program, self.flash.erase)

        def open_file(path, mode="r"):
            try:
                return files.open(path, mode)
            except littlefs.LittleFSError as error:
                raise OSError(-error.code) from None

        chip = self

        class Pin:
            OUT = 1

            def __init__(self, number, mode=None, value=None):
                self.number = number
                if mode is not None:
                    chip.lit[number] = value

        class Registers:
            def __getitem__(self, address):
                return chip.registers.get(address, 0)

            def __setitem__(self, address, value):
                chip.registers[address] = value

        machine = types.ModuleType("machine")
        machine.mem32, machine.Pin = Registers(), Pin
        machine.PWM = lambda pin, freq, duty_u16: chip.lit.update({pin.number: duty_u16})
        machine.WDT = lambda timeout: setattr(chip, "watched_ms", timeout)

        def reset():
            raise Reset

        machine.reset = reset
        packed = types.ModuleType("packed")  # nothing is packed here, and nothing of it is imported

        def mount(place):
            raise OSError(2)

        packed.mount = mount
        names = {"open": open_file}
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "machine", machine)
            patch.setitem(sys.modules, "packed", packed)
            patch.setattr(
                sys,
                "print_exception",
                lambda error, said: said.write(
                    f'Traceback\n  File "m", line 1, in f\n  File "n", line 2, in g\n{error!r}\n'
                ),
                raising=False,
            )
            exec(SOURCE, names)
        return names

    def start(self):
        return self.load()["choose"]()

    def reached(self):
        """What firmware/drivers/resets.py does once the loop runs."""
        self.registers[0x40058010] = 0


@pytest.fixture
def chip():
    return Chip().deploy("a", OLD).deploy("b", NEW)


def test_the_firmware_that_was_put_there_last_starts(chip):
    assert chip.start() == ("b", None)
    assert chip.read("slot") == "b" and chip.read("left") is None


@pytest.mark.parametrize("path", ["b/firmware/main.mpy", "b/firmware/board.mpy", f"b/{SUMS}"])
@pytest.mark.parametrize("data", [b"", b"something else", b"1" * 4800])
def test_a_damaged_one_is_left_at_once_and_for_good(chip, path, data):
    chip.spoil(path, data)
    assert chip.start() == ("a", ("b", "damaged"))
    chip.power_cut()
    assert chip.start() == ("a", ("b", "damaged"))
    assert chip.read("slot") == "a" and chip.read("left") == "b damaged"


def test_one_flipped_bit_anywhere_in_a_file_or_the_sums_is_damage(chip):
    sums = bytearray(slot_sums(NEW))
    for place in range(0, len(sums) - 1, 7):
        flipped = bytearray(sums)
        flipped[place] ^= 1
        chip.spoil(f"b/{SUMS}", bytes(flipped))
        names = chip.load()
        assert not names["_whole"]("b") and names["_whole"]("a"), place


def test_three_starts_that_did_not_reach_the_loop_are_enough(chip):
    for _ in range(3):
        assert chip.start() == ("b", None)  # and a reset comes before the loop does
    assert chip.start() == ("a", ("b", "never_ran"))
    chip.reached()
    assert chip.start() == ("a", ("b", "never_ran"))


def test_a_start_that_reached_the_loop_begins_the_count_anew(chip):
    for _ in range(20):
        assert chip.start() == ("b", None)
        assert chip.start() == ("b", None)
        chip.reached()


def test_who_switches_it_off_and_on_again_counts_for_nothing(chip):
    for _ in range(20):
        assert chip.start() == ("b", None)
        chip.power_cut()


def test_where_both_fail_nothing_is_started_until_somebody_deploys(chip):
    for _ in range(3):
        chip.start()
    for _ in range(3):
        assert chip.start() == ("a", ("b", "never_ran"))
    assert chip.start() == (None, ("a", "never_ran"))
    assert chip.start() == (None, ("a", "never_ran"))
    chip.spoil("a/firmware/main.mpy")
    chip.power_cut()
    assert chip.start() == (None, ("a", "damaged"))
    # A deployment: the other slot is written, the marks go.
    chip.deploy("b", NEW)
    chip.flash.install({"left": b""})
    assert chip.start() == ("b", None)


@pytest.mark.parametrize("files", [{}, {"a": OLD}, {"b": NEW}])
def test_with_one_firmware_or_none_it_ends_without_trying_for_ever(files):
    chip = Chip()
    for slot, contents in files.items():
        chip.deploy(slot, contents)
    started = [chip.start()[0] for _ in range(6)]
    assert started == ([*files] * 3 + [None] * 6)[:6] if files else started == [None] * 6


def test_a_slot_file_that_names_nothing_is_the_first(chip):
    chip.spoil("slot", b"")
    assert chip.start() == ("a", None)


def test_nothing_to_start_is_an_amber_light_an_amplifier_that_is_off_and_a_line(chip, capsys, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    names = chip.load()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(names["sys"], "path", [])
        names["give_up"]("a", "damaged")
    assert chip.lit[board.PIN_AMPLIFIER_ON] == 0 and 0 < chip.lit[board.PIN_LIGHT_AMBER] < 6554
    assert "the firmware in a is damaged" in capsys.readouterr().out


def test_what_it_died_of_while_it_was_loaded_is_kept_for_whoever_deploys(chip):
    names = chip.load()
    with pytest.raises(Reset), pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            names["sys"],
            "print_exception",
            lambda error, said: said.write(
                f'Traceback\n  File "m", line 1, in f\n  File "n", line 2, in g\n{error!r}\n'
            ),
            raising=False,
        )
        names["died"]("b", ImportError("no module named 'x'"))
    assert chip.read("died") == 'b   File "n", line 2, in g\nImportError("no module named \'x\'")'


@pytest.mark.parametrize("how", ["damaged", "never_ran"])
def test_a_cut_at_any_operation_of_falling_back_leaves_a_device_that_starts(how):
    chip = Chip().deploy("a", OLD).deploy("b", NEW)
    if how == "damaged":
        chip.spoil("b/firmware/main.mpy")
    before = bytes(chip.flash.image)
    chip.flash.operations.clear()
    registers = {}
    if how == "never_ran":
        for _ in range(3):
            chip.start()
        registers = dict(chip.registers)
    assert chip.start() == ("a", ("b", how))
    seen = 0
    for where, image in power_cuts.cuts(before, chip.flash.operations, power_cuts.a_few):
        seen += 1
        late = Chip(image)
        if how == "damaged":
            # The power is back: the same is found, or it is done already.
            assert late.start() == ("a", ("b", "damaged")), where
        else:
            # The registers are empty then: the newer one is tried three times again, or has been left.
            tried = 0
            while late.start()[0] == "b":
                tried += 1
            assert tried in (0, 3) and late.read("left") == "b never_ran", where
        again = Chip(bytes(late.flash.image))
        assert again.start() == ("a", ("b", how)), where
    assert seen > 4 and (registers or how == "damaged")


def test_a_flash_that_refuses_to_be_written_still_starts_the_other(chip):
    chip.spoil("b/firmware/main.mpy")
    names = chip.load()

    def refused(name, text):
        raise OSError(5)

    names["_write"] = refused
    assert names["choose"]() == ("a", ("b", "damaged"))


def test_the_host_and_the_firmware_know_the_same_words_and_registers():
    from firmware.memory.journal import WHY_LEFT
    from host_tools.release import deploy

    names = Chip().load()
    assert names["SUMS"] == SUMS and names["SLOTS"] == deploy.SLOTS
    assert (names["DAMAGED"], names["NEVER_RAN"]) == WHY_LEFT and set(deploy.WHY_LEFT) == set(WHY_LEFT)
    resets = (ROOT / "firmware" / "drivers" / "resets.py").read_text("utf-8")
    assert "0x400D800C" in resets and "0x4005800C" in resets and "_STARTS = const(4)" in resets
    assert names["_REGISTER"] == 0x4005800C + 4
