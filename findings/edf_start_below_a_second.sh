#!/usr/bin/env bash
# EDF+: three readers give three starts of one file that begins between two seconds.
#
# EDF+ keeps the part below a second in the first time stamp of the annotations. edfio 0.4.18 writes and reads it; pyedflib
# 0.1.42 reads a tenth of it (500 ms as 50); MNE 1.13.2 drops it. Signals of two devices that are laid on one another by
# the files' starts are off by up to a second, differently in each program: put what must be exact into an annotation.
# Seen: a file written with 23:59:58.500.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install edfio==0.4.18 pyedflib==0.1.42 mne==1.13.2
"$there/bin/python" > seen << 'END'
import datetime, warnings
warnings.simplefilter("ignore")
import edfio, mne, numpy, pyedflib

signal = edfio.EdfSignal(numpy.arange(100.0), 10, label="pulse", physical_range=(0, 100))
edfio.Edf([signal], annotations=[edfio.EdfAnnotation(1.5, None, "a")], starttime=datetime.time(23, 59, 58, 500000)).write("a.edf")
print("edfio", edfio.read_edf("a.edf").starttime)
with pyedflib.EdfReader("a.edf") as reader:
    print("pyedflib", reader.getStartdatetime().time())
print("mne", mne.io.read_raw_edf("a.edf", verbose="ERROR").info["meas_date"].time())
END
cat seen
diff - seen << 'END'
edfio 23:59:58.500000
pyedflib 23:59:58.050000
mne 23:59:58
END
