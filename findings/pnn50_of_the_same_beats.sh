#!/usr/bin/env bash
# pNN50 of the same thirteen intervals is 30.8 in neurokit2 0.3.0 and 0.333 in heartpy 1.2.7.
#
# It is the share of *differences* between neighbours above 50 ms, and thirteen intervals have twelve. heartpy gives four
# of twelve, as a fraction; neurokit2 gives four of thirteen, in percent, so it is the lower the shorter the piece. RMSSD of
# both is the same to the last digit, so a comparison of that one measure does not show that the two count differently.
# Seen: RMSSD in ms and pNN50 of both.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install neurokit2==0.3.0 heartpy==1.2.7 setuptools==80.9.0
"$there/bin/python" 2> /dev/null > seen << 'END'
import warnings
warnings.simplefilter("ignore")
import heartpy, neurokit2, numpy

intervals = [800, 850, 800, 750, 810, 860, 790, 805, 855, 800, 790, 845, 800]
nk = neurokit2.hrv_time(numpy.cumsum([0] + intervals), sampling_rate=1000).iloc[0]
_, hp = heartpy.process_rr(numpy.array(intervals, float))
print("neurokit2", round(nk["HRV_RMSSD"], 3), round(nk["HRV_pNN50"], 3))
print("heartpy", round(float(hp["rmssd"]), 3), round(float(hp["pnn50"]), 3))
END
cat seen
diff - seen << 'END'
neurokit2 49.497 30.769
heartpy 49.497 0.333
END
