"""A sample of tests/checks/session_forms.py: random sessions through every form and back, and damaged files."""

import csv
import io

import duckdb
import pandas
import pytest
import session_forms
from read_sessions import random_session

from firmware.memory.journal import RECORD_BYTES, read_record
from host_tools.forms import csv_form
from host_tools.sessions.told import tell


@pytest.mark.parametrize("seed", range(20))
def test_a_random_session_is_the_same_in_every_form(seed):
    session_forms.round_trip(seed)


@pytest.mark.parametrize("seed", range(5))
def test_damaged_files_are_refused_in_a_sentence_or_read(seed, tmp_path):
    outcomes = [session_forms.damaged(1000 * seed + number, tmp_path) for number in range(30)]
    assert True in outcomes and False in outcomes


def test_damaged_exports_are_refused_in_a_sentence_unless_only_words_are_others(tmp_path):
    outcomes = [session_forms.damaged_export(seed, tmp_path) for seed in range(60)]
    assert outcomes.count(False) > 45


@pytest.mark.parametrize("seed", range(12))
def test_a_row_is_told_as_the_device_reads_it(seed):
    raw = random_session(seed).raw
    records = [read_record(raw[at : at + RECORD_BYTES]) for at in range(0, len(raw), RECORD_BYTES)]
    units = {
        "pulse_rate_bpm": ("pulse_rate_mbpm", 1000), "tempo_bpm": ("tempo_mbpm", 1000),
        "target_tempo_bpm": ("target_tempo_mbpm", 1000), "level_dba": ("level_cdba", 100),
        "perfusion_index_percent": ("perfusion_index_ppm", 10_000), "spo2_percent": ("spo2_permille", 10),
    }  # fmt: skip
    for row, record in zip(tell(raw).rows, [record for record in records if "phase" in record], strict=True):
        for name, (key, divisor) in units.items():
            assert row[name] == (None if record[key] is None else record[key] / divisor), name
        for name in ("phase", "reason", "quality_percent", "contact"):
            assert row[name] == record[name], name


@pytest.mark.parametrize("seed", [3, 14])
def test_strangers_read_the_csv_as_it_is(seed, tmp_path):
    file = random_session(seed)
    told = tell(file.raw)
    (tmp_path / "a.csv").write_text(csv_form.csv_text(file, told))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    for name in ("pulse_rate_bpm", "level_dba", "quality_percent", "spo2_uncalibrated_percent"):
        known = [float(row[name]) for row in rows if row[name] != ""]
        frame = pandas.read_csv(tmp_path / "a.csv")
        assert frame[name].count() == len(known)
        theirs = duckdb.sql(
            f"select count({name}), avg({name}) from read_csv('{tmp_path / 'a.csv'}')"
        ).fetchall()[0]
        assert (
            theirs[0]
            == len(known)
            == sum(row[name.replace("_uncalibrated", "")] is not None for row in told.rows)
        )
        assert theirs[1] == pytest.approx(frame[name].mean()) == pytest.approx(sum(known) / len(known))
