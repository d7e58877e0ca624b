"""The drivers' turns under real MicroPython: what they allocate, and that the numbers are the same."""

import json

from simulator.interpreter import ROOT, run_script

SCRIPT = ROOT / "tests" / "on_device" / "drivers_on_micropython.py"


def test_a_read_of_the_sensor_and_one_of_the_adc_allocate_nothing():
    printed = json.loads(run_script(SCRIPT, heap_kib=400, timeout_s=60).stdout)
    assert printed["sensor_bytes"] == 0
    assert printed["samples"] == 2050
    assert printed["sum_ir"] == sum(1000 + n for n in range(2050))
    assert printed["sum_red"] == sum(21_000 + n for n in range(2050))
    assert printed["adc_microvolts"] == [-125, 1_250_000, 2_500_000, 4_095_875]
    assert printed["adc_bytes_per_reading"] == 0
