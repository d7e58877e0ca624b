"""Many sessions as tidy tables: read by strangers without cleaning, equal to each other and to the sessions."""

import datetime
import json
import os

import duckdb
import journal_records as made
import pandas
import pyarrow.parquet
import pytest
from read_sessions import file_of, random_session
from typer.testing import CliRunner

from host_tools.cli import app
from host_tools.forms import compare, table
from host_tools.output import write_files
from host_tools.sessions import note, session_file
from host_tools.sessions.told import tell
from simulator.files.errors import CalandoError

STARTED = datetime.datetime(2026, 3, 29, 0, 58, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with sessions: one known to the number, one refused, random ones, one twice, one damaged."""
    monkeypatch.setenv("CALANDO_NOTES_DIR", str(tmp_path / "notes"))
    place = tmp_path / "sessions"
    place.mkdir()
    raw = made.event(10, "phase", "baseline")
    raw += b"".join(
        made.row(s, "baseline", pulse_bpm=160, tempo_bpm=None, level_dba=0.0) for s in range(10, 70)
    )
    raw += b"".join(
        made.row(s, pulse_bpm=None if s < 100 else 150, tempo_bpm=80 - s / 100) for s in range(70, 130)
    )
    raw += made.event(130, "end", 0, "time_up")
    known = file_of(raw, age=1, started=STARTED)
    session_file.save(known, place / "a.calando")
    session_file.save(known, place / "b.calando")
    session_file.save(
        file_of(made.event(9, "press") + made.event(9, "end", 3, "dose"), age=2), place / "c.calando"
    )
    for seed in (11, 12, 13):
        session_file.save(random_session(seed), place / f"r{seed}.calando")
    (place / "x.calando").write_text("{}")
    os.mkfifo(place / "y.calando")
    made_note = note.changed(
        note.SessionNote(), {"goal": "quiet"}, ["NRS before 4", "NRS after 0", "ESAS-r pain after 3"]
    )
    note.write(known, made_note, 0, STARTED)
    return place


@pytest.fixture
def tables(folder, tmp_path):
    said = []
    made_tables = table.read_folder(folder, said.append)
    out = tmp_path / "out"
    out.mkdir()
    write_files(table.files(made_tables, out))
    return out, said


def test_what_is_left_out_is_told_line_by_line(tables):
    _, said = tables
    assert len(said) == 3
    assert said[0].endswith("y.calando is no file"), "and nobody waits for what comes out of a pipe"
    assert "b.calando is the same session as" in said[1]
    assert "x.calando is not a whole session" in said[2]


def test_a_session_a_row_as_it_was(tables):
    out, _ = tables
    first, refused = pandas.read_csv(out / "sessions.csv").head(2).to_dict("records")
    assert (first["session"], first["began_at"], first["utc_offset_min"]) == (1, "2026-03-28T23:58:00Z", 60)
    assert (first["records_kept"], first["sound_s"], first["pulse_known_percent"]) == (120, 60, 50)
    assert (first["pulse_first_bpm"], first["pulse_last_bpm"]) == (160, 150)
    assert (first["tempo_first_bpm"], first["tempo_slowest_bpm"]) == (79.3, 78.71)
    assert (first["level_mean_dba"], first["ended"], first["note_version"]) == (48, "faded", 1)
    assert (refused["ended"], refused["reason"], refused["records_kept"]) == ("refused", "dose", 0)
    assert pandas.isna(refused["pulse_first_bpm"]) and pandas.isna(refused["began_at"])


def test_a_minute_a_row_and_a_score_a_row(tables):
    out, _ = tables
    minutes = pandas.read_csv(out / "minutes.csv")
    first = minutes[minutes["session"] == 1]
    assert list(first["minute"]) == [1, 2]
    assert list(first["began_at"]) == ["2026-03-28T23:58:00Z", "2026-03-28T23:59:00Z"]
    assert list(first["pulse_rate_bpm"]) == [160, 150] and list(first["pulse_known_s"]) == [60, 30]
    assert pandas.isna(first["tempo_bpm"].iloc[0]) and pandas.isna(first["level_dba"].iloc[0])
    scores = pandas.read_csv(out / "scores.csv")
    assert list(scores["score"]) == [4, 0, 3]
    assert "quiet" not in "".join(
        place.read_text() for place in out.glob("*.csv")
    )  # words stay with the therapist


@pytest.mark.parametrize("name", table.COLUMNS)
def test_csv_and_parquet_are_the_same_to_strangers_and_every_column_is_explained(tables, name):
    out, _ = tables
    kinds = {"text": "string", "whole": "Int64", "number": "float64", "flag": "boolean", "time": "string"}
    dictionary = pandas.read_csv(out / "dictionary.csv", keep_default_na=False)
    explained = dictionary[dictionary["table"] == name]
    types = dict(zip(explained["column"], explained["type"], strict=True))
    text = pandas.read_csv(out / f"{name}.csv", dtype={column: kinds[kind] for column, kind in types.items()})
    assert list(text.columns) == list(types) == list(table.COLUMNS[name])
    assert (explained["meaning"] != "").all()
    binary = pandas.read_parquet(out / f"{name}.parquet")
    for column, kind in types.items():
        there = binary[column].dropna()
        assert text[column].count() == len(there)
        if kind == "time":
            assert [f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in there] == list(text[column].dropna())
        else:
            assert list(text[column].dropna()) == list(there)
        query = f"select count({column}) from read_parquet('{out / name}.parquet')"
        assert duckdb.sql(query).fetchall() == [(len(there),)]
    schema = pyarrow.parquet.read_schema(out / f"{name}.parquet")
    assert schema.field("unit").metadata[b"meaning"]


def test_many_sessions_on_several_processors_are_the_same_tables(folder, monkeypatch):
    alone = table.read_folder(folder, lambda text: None)
    monkeypatch.setattr(table, "FEW", 4)
    assert table.read_folder(folder, lambda text: None) == alone


def test_what_cannot_be_is_one_sentence(tmp_path, monkeypatch):
    for place, sentence in ((tmp_path / "none", "is no folder"), (tmp_path, "there is no session in")):
        with pytest.raises(CalandoError, match=sentence):
            table.read_folder(place, lambda text: None)
    (tmp_path / "x.calando").write_text("{}")
    with pytest.raises(CalandoError, match="can be read"):
        table.read_folder(tmp_path, lambda text: None)


class TestTheCommands:
    @pytest.fixture
    def run(self, folder):
        def run(*words):
            result = CliRunner().invoke(app, ["session", *words], catch_exceptions=False)
            assert result.exit_code == 0, result.output
            return result.stdout

        return run

    def test_the_tables_are_written_beside_the_sessions(self, run, folder):
        counted = json.loads(run("table", str(folder), "--json"))
        assert counted["rows"]["sessions"] == 5 and counted["rows"]["scores"] == 3
        assert len(list(folder.glob("*.csv"))) == 4 and len(list(folder.glob("*.parquet"))) == 3

    def test_the_course_of_a_unit_is_one_page_about_nobody(self, run, folder):
        run("compare", str(folder), "--out", str(folder / "course.html"))
        page = (folder / "course.html").read_text()
        for text in (
            "Sessions 1 to 13 of unit 43414c414e444f01",
            "160 → 150",
            "79.3 → 78.7",
            "says nothing about who",
        ):
            assert text in page
        assert page.count("<tr>") == 1 + 5

    def test_of_several_units_one_is_chosen(self, folder):
        session_file.save(file_of(made.session(), unit="b" * 16), folder / "d.calando")
        tables = table.read_folder(folder, lambda text: None)
        with pytest.raises(CalandoError, match="choose one with --unit: 43414c414e444f01, bbbbbbbbbbbbbbbb"):
            compare.sessions_of(tables, None)
        assert [row["session"] for row in compare.sessions_of(tables, "b" * 16)[1]] == [7]
        with pytest.raises(CalandoError, match="no session of unit c"):
            compare.sessions_of(tables, "c")


def test_the_sentence_about_a_missing_library_names_the_command(folder, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    made_tables = table.read_folder(folder, lambda text: None)
    with pytest.raises(CalandoError, match=r'pip install "calando\[record\]"'):
        table.files(made_tables, folder)


def test_more_than_a_year_of_a_unit_ends_in_its_newest():
    assert os.cpu_count()
    columns = {name: [] for name in table.COLUMNS[table.SESSIONS]}
    row = table._session_row(file_of(made.session()), tell(made.session()), None)
    for age in range(compare.MOST_ROWS + 5):
        for name, column in columns.items():
            column.append(age if name == "session" else row[name])
    _, rows = compare.sessions_of(table.Tables({table.SESSIONS: columns}), None)
    assert (rows[0]["session"], rows[-1]["session"]) == (5, compare.MOST_ROWS + 4)
