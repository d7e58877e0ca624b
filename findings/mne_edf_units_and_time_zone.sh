#!/usr/bin/env bash
# MNE 1.13.2 calls every EDF signal whose unit it does not know volts, and a local start time UTC.
#
# EDF names a unit for each signal and says that its clock is the patient's own. A pulse in "bpm" is read with the right numbers
# and the unit V, so a plot, a converter or a filter by units treats a pulse of 72 as 72 volts; and 23:50 at the bedside becomes
# 23:50 UTC, an instant some hours away. Who needs the instant has to carry it elsewhere, with its zone.
# Seen: a signal in bpm that starts at 23:50.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install edfio==0.4.18 mne==1.13.2
"$there/bin/python" > seen << 'END'
import datetime, warnings
warnings.simplefilter("ignore")
import edfio, mne, numpy

signal = edfio.EdfSignal(numpy.full(100, 72.0) + numpy.arange(100), 10, label="pulse", physical_dimension="bpm", physical_range=(0, 300))
edfio.Edf([signal], starttime=datetime.time(23, 50)).write("a.edf")
raw = mne.io.read_raw_edf("a.edf", verbose="ERROR")
print("unit", raw.info["chs"][0]["unit"]._name, "first", round(raw.get_data()[0][0]))
print("start", raw.info["meas_date"].time(), raw.info["meas_date"].tzname())
END
cat seen
diff - seen << 'END'
unit FIFF_UNIT_V first 72
start 23:50:00 UTC
END
