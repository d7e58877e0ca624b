"""The USB line of the simulated device: the same on both runtimes, with the chip's buffers, and no sound waits for it."""

import subprocess

import pytest
from sim_parts import SIM, from_text

from simulator import bedside
from simulator.interpreter import ROOT, environment, find_micropython
from simulator.runtimes import cpython, micropython

BOOT = {"cpython": cpython.boot, "micropython": micropython.boot}
SESSION = """
title = "t"
duration_s = 30
[[event]]
at_s = 2
do = "usb_host"
[[event]]
at_s = 3
do = "press"
"""
GARBAGE = b"\x03\x03\x04\x00{}\xff\r\n*" * 300


def play(runtime, prepare=lambda bench: None, text=SESSION, script="usb_echo.py"):
    bench = bedside.Bedside(from_text(text))
    prepare(bench)
    BOOT[runtime](bench, SIM / script)
    return bench


@pytest.mark.parametrize("runtime", ["micropython", "cpython"])
def test_interrupt_bytes_and_garbage_leave_the_music_as_it_is(runtime):
    def pester(bench):
        for at_s in (4, 8, 9, 20):
            bench.usb_send(at_s, GARBAGE)

    quiet, pestered = play(runtime), play(runtime, pester)
    assert pestered.computer.said() == GARBAGE * 4
    heard = quiet.sound.heard(30)
    assert heard.any() and (heard == pestered.sound.heard(30)).all()
    assert pestered.sound.underruns == 0


def test_both_runtimes_answer_the_same_at_the_same_times():
    def talk(bench):
        bench.usb_send(4, b"hello\n")
        bench.usb_send(10.0004, b"x" * 1000)
        bench.usb_reads(12, False)
        bench.usb_send(12, b"y" * 400)
        bench.usb_reads(13, True)

    ours, theirs = play("cpython", talk), play("micropython", talk)
    assert ours.computer.said() == b"HELLO\n" + b"X" * 1000 + b"Y" * 400
    assert ours.computer.heard == theirs.computer.heard


@pytest.mark.parametrize("runtime", ["micropython", "cpython"])
def test_a_computer_that_opens_the_port_and_never_reads_delays_nothing(runtime):
    def ignore(bench):
        bench.usb_reads(4, False)
        for at_s in range(5, 26):
            bench.usb_send(at_s, b"why does it not answer? " * 20)
        bench.usb_reads(26, True)
        bench.usb_send(29, b"?")

    ignored = play(runtime, ignore)
    heard = play(runtime, lambda bench: bench.usb_send(29, b"?"))
    assert not any(4e6 < now_us < 26e6 for now_us, _ in ignored.computer.heard)
    assert ignored.sound.underruns == heard.sound.underruns == 0
    assert int(ignored.computer.heard[-1][1]) == int(heard.computer.heard[-1][1]), "the loop's worst lateness"
    assert (ignored.sound.heard(30) == heard.sound.heard(30)).all()


def test_what_was_written_with_nobody_reading_is_the_first_256_bytes_and_then_waits():
    def ignore(bench):
        bench.usb_reads(4, False)
        bench.usb_send(5, bytes(97 + place % 26 for place in range(2000)))
        bench.usb_reads(20, True)

    said = play("micropython", ignore).computer.said()
    assert said == bytes(65 + place % 26 for place in range(2000)), "nothing is lost, it waits"


def test_a_cable_pulled_in_the_middle_of_a_line_takes_the_rest_with_it():
    text = (
        SESSION.replace('do = "usb_host"', 'do = "usb_host"\nfor_s = 8')
        + '[[event]]\nat_s = 15\ndo = "usb_host"'
    )

    def pull(bench):
        bench.usb_send(9.99, b"half a line" * 100)
        bench.usb_send(12, b"nobody is connected")
        bench.usb_send(16, b"whole\n")

    said = play("micropython", pull, text).computer.said()
    assert said.startswith(b"HALF A LINE") and said.endswith(b"WHOLE\n")
    assert len(said) < 1000 and b"NOBODY" not in said


def test_a_scenario_can_put_bytes_on_the_line():
    text = SESSION + '[[event]]\nat_s = 5\ndo = "usb_bytes"\ntext = "\\u0003abc\\n"\n'
    bench = play("micropython", text=text)
    assert bench.computer.said() == b"\x03ABC\n"


def test_a_driver_that_waits_is_seen_to_wait():
    # The bench must be able to fail: this one writes a line at once, as the chip's own stdout lets it.
    ignored = play("micropython", lambda bench: bench.usb_reads(4, False), script="usb_careless.py")
    assert ignored.sound.underruns > 0


def test_a_new_boot_is_told_of_the_computer_anew():
    text = SESSION + '[[event]]\nat_s = 10\ndo = "power_cut"\nfor_s = 2\n'
    bench = play("micropython", lambda bench: bench.usb_send(5, b"a"), text)
    bench.usb_send(15, b"again")
    micropython.boot(bench, SIM / "usb_echo.py")
    assert bench.computer.said() == b"AAGAIN"


# The driver on streams that are really there: the process's own.

ECHO = """
import gc
from firmware.drivers.usb_serial import UsbSerial

def echo(line, buffer, views, came):
    before = gc.mem_alloc()
    while came < 100:
        came += line.read(views[came])
    sent = 0
    while sent < 100:
        sent += line.write(buffer, sent, 100 - sent)
    return gc.mem_alloc() - before

line = UsbSerial()
buffer = bytearray(100)
views = [memoryview(buffer)[n:] for n in range(100)]
line.write(buffer, 0, 1)
taken = echo(line, buffer, views, line.read(buffer))
line.write(b"%5d" % taken, 0, 5)
"""


def run_driver(program, data):
    interpreter = find_micropython()
    assert interpreter is not None
    return subprocess.run(
        [*interpreter, "-c", program],
        input=data,
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        timeout=20,
        check=True,
    ).stdout


def test_the_driver_on_real_streams_sends_back_every_byte_and_allocates_none():
    said = run_driver(ECHO, bytes(range(100)))
    assert said[1:101] == bytes(range(100))
    assert int(said[101:]) == 0


def test_the_driver_on_a_pipe_that_nobody_reads_gives_up_instead_of_waiting():
    program = """
import sys
from firmware.drivers.usb_serial import UsbSerial
line = UsbSerial()
block = bytes(64)
total = 0
while True:
    sent = line.write(block, 0, 64)
    total += sent
    if not sent:
        break
print(total, file=sys.stderr)
"""
    interpreter = find_micropython()
    assert interpreter is not None
    process = subprocess.Popen(
        [*interpreter, "-c", program],
        env=environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stderr is not None
        assert int(process.stderr.read()) >= 4096
        assert process.wait(timeout=20) == 0
