#!/usr/bin/env bash
# neurokit2 0.3.0: ppg_process() doubles a pulse of 40 and halves one of 200, and calls its own quality 1.
#
# Its default beat finder (after Elgendi) has fixed windows: it looks for waves of an adult at rest, with 0.3 s between two
# beats, so every second beat of a newborn above 200 is passed over and the second wave of a slow heart is a beat.
# PPG_Quality compares the beats found with one another, and finds them alike. Nothing in the result says out of range.
# Seen on a clean made wave at 100 samples a second: mean rate and mean quality.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install neurokit2==0.3.0
"$there/bin/python" > seen << 'END'
import warnings
warnings.simplefilter("ignore")
import numpy

def light(pulse_rate_bpm, seconds=60, rate_hz=100):
    """A finger's light: one wave a beat and a smaller second one."""
    phase = numpy.arange(0, seconds, 1 / rate_hz) * pulse_rate_bpm / 60 % 1
    return 1000 + 50 * (numpy.exp(-(((phase - 0.2) / 0.08) ** 2)) + 0.3 * numpy.exp(-(((phase - 0.55) / 0.1) ** 2)))

import neurokit2

for pulse_rate_bpm in (40, 72, 150, 190, 204, 220):
    signals, _ = neurokit2.ppg_process(light(pulse_rate_bpm), sampling_rate=100)
    print(pulse_rate_bpm, round(signals["PPG_Rate"].mean()), f"{signals['PPG_Quality'].mean():.1f}")
END
cat seen
diff - seen << 'END'
40 83 1.0
72 72 1.0
150 150 1.0
190 190 1.0
204 102 1.0
220 110 1.0
END
