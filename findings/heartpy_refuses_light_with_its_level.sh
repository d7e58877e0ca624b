#!/usr/bin/env bash
# heartpy 1.2.7 refuses a clean pulse that still has the level of the light under it.
#
# process() looks for beats above a moving mean, and tries that mean raised by so many percent of the signal's *average value*.
# A sensor gives some 100 000 counts with a wave of 1 % on them, so the first step up is above every beat, and the answer is
# BadSignalWarning: "no detectable heart rate". The same wave with its mean taken away is read to the beat; the rate
# itself does not depend on the level, only whether there is one.
# Seen: 72 a minute, waves of 50 counts on levels of 0, 500, 1 000 and 100 000.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install 'setuptools<82' heartpy==1.2.7
"$there/bin/python" > seen << 'END'
import warnings
warnings.simplefilter("ignore")
import heartpy, numpy

beats = numpy.arange(1, 73) * 60 / 72
time = numpy.arange(0, 60, 0.01)
waves = sum(50 * numpy.exp(-(((time - beat) / 0.08) ** 2)) for beat in beats)
for level in (0, 500, 1000, 100000):
    try:
        _, measures = heartpy.process(waves + level, 100.0)
        print(level, round(measures["bpm"]))
    except Exception as error:
        print(level, type(error).__name__)
END
cat seen
diff - seen << 'END'
0 72
500 72
1000 BadSignalWarning
100000 BadSignalWarning
END
