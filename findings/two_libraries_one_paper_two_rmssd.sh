#!/usr/bin/env bash
# neurokit2 0.3.0 and systole 0.3.0 both name Lipponen and Tarvainen 2019 for cleaning odd beats, both call the same number of intervals
# odd, and the RMSSD of what is cleaned is almost three times larger in one than in the other.
#
# Six early beats, each with the pause that makes up for it, in a heart whose normal beats have an RMSSD of 17 ms: systole leaves 16 ms,
# neurokit2, which moves peaks, 46. Which library a figure of a study came from has to stand beside it; the paper's name does not say it.
# The two cannot be installed together, and systole wants the intervals as float.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
# They cannot be installed beside one another.
for library in neurokit2 systole; do
    python3 -m venv "$there/$library" && "$there/$library/bin/pip" --quiet --disable-pip-version-check install "$library==0.3.0"
done
cat > heart.py << 'END'
import numpy


def rmssd_ms(intervals):
    return round(float(numpy.sqrt(numpy.mean(numpy.diff(intervals) ** 2))))


plain = 833 * (1 + 0.015 * numpy.random.default_rng(1).standard_normal(200))
intervals = plain.copy()
for early in range(20, 180, 31):
    intervals[early] = 0.68 * 833
    intervals[early + 1] = 1.32 * 833
peaks = numpy.cumsum(numpy.concatenate([[0], intervals])).round().astype(int)
END
"$there/neurokit2/bin/python" 2> /dev/null > seen << 'END'
import warnings
warnings.simplefilter("ignore")
import neurokit2
from heart import *

print("without the early beats", rmssd_ms(plain), "ms; with them", rmssd_ms(intervals), "ms")
found, moved = neurokit2.signal_fixpeaks(peaks, sampling_rate=1000, method="Kubios", iterative=False)
print("neurokit2", sum(map(len, (found["ectopic"], found["missed"], found["extra"], found["longshort"]))), "odd,", rmssd_ms(numpy.diff(moved)), "ms")
END
"$there/systole/bin/python" 2> /dev/null >> seen << 'END'
import warnings
warnings.simplefilter("ignore")
from systole.correction import correct_rr
from systole.detection import rr_artefacts
from heart import *

apart = numpy.diff(peaks).astype(float)
odd = rr_artefacts(apart)
drawn = correct_rr(apart, verbose=False)[0]
print("systole", int(sum(odd[kind].sum() for kind in ("ectopic", "missed", "extra", "short", "long"))), "odd,", rmssd_ms(drawn), "ms")
END
cat seen
diff - seen << 'END'
without the early beats 17 ms; with them 114 ms
neurokit2 13 odd, 46 ms
systole 13 odd, 16 ms
END
