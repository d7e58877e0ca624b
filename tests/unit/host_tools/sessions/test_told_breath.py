"""An adult's breath in a session's records: at the row of its second, and in records of before there was one."""

import io

import edfio
import journal_records as made
import pytest
from read_sessions import file_of

from host_tools.forms import csv_form, edf_form, verify
from host_tools.forms.minutes import minutes
from host_tools.sessions.told import tell
from simulator.breath_row import BREATH
from simulator.files.errors import CalandoError


def with_breath():
    records = [made.event(100, "press"), made.event(100, "phase", "baseline")]
    for second in range(101, 161):
        if second % 10 == 0:
            records.append(
                made.breath(second, rate=1200 + second, pace=600, feedback=90, pacer=0x81, reason="irregular")
            )
        records.append(made.row(second, "lead"))
    return b"".join(records)


def test_a_breath_stands_in_the_row_of_its_second_and_is_no_event():
    told = tell(with_breath())
    by_second = {row["time_s"]: row for row in told.rows}
    row = by_second[120 - 100]
    assert row["breathing_rate_bpm"] == pytest.approx(13.2)
    assert (row["pace_bpm"], row["feedback_percent"], row["pacer"], row["breath_followed"]) == (
        6.0,
        -10,
        "paced",
        1,
    )
    assert all(value is None for value in (by_second[21][name] for name in BREATH))
    assert {event["kind"] for event in told.events} == {"press", "phase"}
    assert minutes(told)[0].medians["breathing_rate_bpm"] == pytest.approx(13.3, abs=0.2)


def test_a_breath_without_its_row_is_left_out():
    told = tell(with_breath() + made.breath(170) + made.event(171, "cut", 1))
    assert [row for row in told.rows if row["time_s"] >= 65] == []
    tail = tell(with_breath() + made.breath(170) + made.row(171))
    assert tail.rows[-1]["breathing_rate_bpm"] is None


def test_a_record_of_before_is_read_and_its_file_has_no_signal_of_a_breath():
    file = file_of(made.session())
    told = tell(file.raw)
    assert all(row["pacer"] is None for row in told.rows)
    labels = edfio.read_edf(io.BytesIO(edf_form.edf(file, told))).labels
    assert "breathing_rate" not in labels


def test_edf_has_the_breath_where_there_is_one():
    file = file_of(with_breath())
    _, signals, _ = edf_form.read_edf(edf_form.edf(file, tell(file.raw)))
    assert signals["breathing_rate_bpm"][20] == pytest.approx(13.2)
    assert signals["breathing_rate_bpm"][21] is None
    assert signals["pace_bpm"][20] == 6.0


def test_a_csv_comes_back_and_one_of_an_older_calando_is_still_verified(tmp_path):
    file = file_of(with_breath())
    text = csv_form.csv_text(file, tell(file.raw))
    assert csv_form.read_csv(text)[1] == tell(file.raw).rows
    lines = [line.split(",") for line in text.splitlines()]
    kept = [place for place, name in enumerate(lines[0]) if name not in BREATH]
    old = "\n".join(",".join(line[place] for place in kept) for line in lines) + "\n"
    place = tmp_path / "session.csv"
    place.write_text(old)
    assert "is what the device gave" in verify.verify(place, file)
    place.write_text(text.replace(",13.2,", ",13.3,", 1))
    with pytest.raises(CalandoError, match=r"breathing_rate_bpm = 13\.3"):
        verify.verify(place, file)
