"""A sample of tests/checks/session_forms.py: random sessions through every form and back, and damaged files."""

import csv
import io

import duckdb
import pandas
import pytest
import session_forms
from read_sessions import random_session

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
