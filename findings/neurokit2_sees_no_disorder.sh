#!/usr/bin/env bash
# neurokit2 0.3.0: the "Kubios" cleaning finds next to nothing odd in a heart without any order.
#
# Its thresholds are 5.2 times the quartile deviation of the differences in the same stretch, so they grow with the disorder: where every
# interval is another, as in atrial fibrillation, hardly one is odd. Five of 200 are listed, and the RMSSD that comes out
# is hardly smaller than before and many times a calm adult's, with no word that it means nothing. Whether a rhythm is regular has to be asked first.
# Seen: 200 intervals around 800 ms with a spread of 20 %, each independent of the one before.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install neurokit2==0.3.0
"$there/bin/python" 2> /dev/null > seen << 'END'
import warnings
warnings.simplefilter("ignore")
import neurokit2, numpy

spread = numpy.random.default_rng(1).standard_normal(200)
peaks = numpy.cumsum(numpy.maximum(800 * (1 + 0.2 * spread), 360)).astype(int)
found, clean = neurokit2.signal_fixpeaks(peaks, sampling_rate=1000, method="Kubios", iterative=False)
print("odd beats", {kind: len(found[kind]) for kind in ("ectopic", "missed", "extra", "longshort")})
for beats in (peaks, clean):
    print("RMSSD", round(float(neurokit2.hrv_time(beats, sampling_rate=1000)["HRV_RMSSD"].iloc[0])), "ms")
END
cat seen
diff - seen << 'END'
odd beats {'ectopic': 2, 'missed': 1, 'extra': 2, 'longshort': 0}
RMSSD 217 ms
RMSSD 213 ms
END
