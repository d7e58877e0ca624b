#!/usr/bin/env bash
# EDF+D: MNE and edfio join a recording with gaps as if there were none; pyedflib does not open it.
#
# EDF+D is the format's own form for a recording that was interrupted: each data record carries its time. MNE 1.13.2 and
# edfio 0.4.18 put the records end to end, so everything after a gap comes too early, while annotations keep the true
# clock: edfio's lie after the end of its signal, and MNE leaves them out. pyedflib 0.1.42 says that the file
# is discontinuous. A gap that has to survive any reader is better written as a continuous file with a second signal that says
# where the first is valid.
# Seen: ten seconds, a gap of 60, five seconds; an annotation at 72 s, in the last part.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install edfio==0.4.18 pyedflib==0.1.42 mne==1.13.2
"$there/bin/python" > seen << 'END'
import warnings
import edfio, mne, numpy, pyedflib

signal = edfio.EdfSignal(numpy.arange(150.0), 10, label="pulse", physical_range=(0, 150))
edfio.Edf([signal], annotations=[edfio.EdfAnnotation(12, None, "late")], data_record_duration=1).write("whole.edf")
data = open("whole.edf", "rb").read()
data = data.replace(b"EDF+C", b"EDF+D", 1)     # the same file, as the standard writes one with a gap:
for second in range(10, 15):                   # the last five records begin at 70 to 74 s
    data = data.replace(f"+{second}\x14".encode(), f"+{second + 60}\x14".encode())
open("gap.edf", "wb").write(data)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    raw = mne.io.read_raw_edf("gap.edf", verbose="ERROR")
print("mne", f"{raw.times[-1]:g} s", [a["onset"] for a in raw.annotations])
read = edfio.read_edf("gap.edf")
print("edfio", f"{read.duration:g} s", [a.onset for a in read.annotations if a.text == "late"])
try:
    pyedflib.EdfReader("gap.edf")
except OSError as error:
    print("pyedflib", str(error).split(": ")[-1])
END
cat seen
diff - seen << 'END'
mne 14.9 s []
edfio 15 s [72.0]
pyedflib The file is discontinuous and cannot be read
END
