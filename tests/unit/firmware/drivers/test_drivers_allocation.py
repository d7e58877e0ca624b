"""The drivers' turns under real MicroPython: what they allocate, and that the numbers are the same."""

import json

from simulator.interpreter import ROOT, run_script

SCRIPT = ROOT / "tests" / "on_device" / "drivers_on_micropython.py"


def test_a_sensor_read_allocates_nothing_and_an_adc_reading_little():
    printed = json.loads(run_script(SCRIPT, heap_kib=400, timeout_s=60).stdout)
    assert printed["sensor_bytes"] == 0
    assert printed["samples"] == 2050
    assert printed["sum_ir"] == sum(1000 + n for n in range(2050))
    assert printed["sum_red"] == sum(21_000 + n for n in range(2050))
    assert printed["adc_microvolts"] == [-125, 1_250_000, 2_500_000, 4_095_875]
    # Adafruit's driver makes a bytearray for each register pointer; twice as much here as on the 32-bit chip.
    assert printed["adc_bytes_per_reading"] <= 320
