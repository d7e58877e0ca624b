"""EDF+ with true gaps: strangers' programs read the same numbers, the same words and the same instants as the CSV has."""

import datetime
import io
import os
import re
import time
import warnings

import edfio
import journal_records as made
import mne
import numpy as np
import pyedflib
import pytest
from read_sessions import file_of

from firmware.care import guard
from host_tools.forms import csv_form, edf_form, fhir_form
from host_tools.sessions import note, session_file
from host_tools.sessions.told import tell
from simulator.files.errors import CalandoError

STEP = {key: step for key, _, _, _, step, _ in edf_form.SIGNALS}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A session with unknowns, a gap and moments of a note: its file, its CSV's rows, and the path of its EDF+."""
    rows = [
        made.row(s, pulse_bpm=None if s // 40 % 3 == 0 else 140 + s / 100, contact=s // 40 % 3 > 0)
        for s in range(900)
    ]
    raw = made.event(0, "phase", "baseline") + b"".join(rows[:800])
    raw += made.event(800, "phase", "hold", "signal_lost") + b"".join(rows[800:])
    raw += b"".join(made.row(s) for s in range(1000, 1100)) + made.event(1100, "end", 0, "time_up")
    file = file_of(raw, started=datetime.datetime(2026, 5, 1, 23, 50, tzinfo=zone(5.75)))
    moments = note.changed(note.SessionNote(), moments=["0:30 sighs", "17:00 asleep"])
    place = tmp_path_factory.mktemp("edf") / "session.edf"
    place.write_bytes(edf_form.edf(file, tell(raw), moments))
    return file, csv_form.read_csv(csv_form.csv_text(file, tell(raw)))[1], place


def zone(hours):
    return datetime.timezone(datetime.timedelta(hours=hours))


def by_edfio(place):
    read = edfio.read_edf(place)
    start = datetime.datetime.combine(read.startdate, read.starttime) if not unknown_start(place) else None
    return {s.label: s.data for s in read.signals}, {(a.onset, a.text) for a in read.annotations}, start


def by_pyedflib(place):
    with pyedflib.EdfReader(str(place)) as read:
        signals = {label: read.readSignal(number) for number, label in enumerate(read.getSignalLabels())}
        onsets, _, texts = read.readAnnotations()
        return signals, set(zip(map(float, onsets), map(str, texts), strict=True)), read.getStartdatetime()


def by_mne(place):
    read = mne.io.read_raw_edf(place, preload=True, verbose="error")
    texts = {
        (float(one["onset"]), one["description"] + "".join(f"@@{name}" for name in one.get("ch_names", ())))
        for one in read.annotations
    }
    # It takes the local time of the header for UTC.
    return (
        {name: read.get_data(picks=[name])[0] for name in read.ch_names},
        texts,
        read.info["meas_date"].replace(tzinfo=None),
    )


def unknown_start(place):
    return b"Startdate X" in place.read_bytes()[88:168]


READERS = {"edfio": by_edfio, "pyedflib": by_pyedflib, "mne": by_mne}


@pytest.mark.parametrize("reader", READERS)
class TestStrangers:
    def test_the_mean_of_what_is_valid_is_the_mean_of_the_csv(self, reader, written):
        _, rows, place = written
        signals, _, _ = READERS[reader](place)
        for key, label, valid_label, *_ in edf_form.SIGNALS:
            known = [float(row[key]) for row in rows if row[key] is not None]
            valid = signals[valid_label] == 1
            assert valid.sum() == len(known) > 0
            assert signals[label][valid].mean() == pytest.approx(np.mean(known), abs=STEP[key])

    def test_phases_reasons_gaps_and_moments_are_read(self, reader, written):
        file, _, place = written
        _, annotations, _ = READERS[reader](place)
        for one in (
            (0.0, f"records SHA-256 {file.sha256}"),
            (0.0, "session began 2026-05-01T23:50+05:45"),
            (800.0, "phase: holding the tempo (the pulse signal is lost)"),
            (0.0, "no pulse: the sensor is not on the skin@@pulse_rate_bpm"),
            (900.0, "no record"),
            (1100.0, "the session is over: the music faded out: the session had come to its planned end"),
            (30.0, "note: moment 1"),
        ):
            assert one in annotations
        assert not any("sighs" in text for _, text in annotations)  # a note's words stay with the therapist

    def test_it_begins_when_it_began_at_the_bedside(self, reader, written):
        _, _, start = READERS[reader](written[2])
        assert start == datetime.datetime(2026, 5, 1, 23, 50)

    def test_nothing_is_warned_of(self, reader, written):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            READERS[reader](written[2])


def test_our_own_reader_gives_back_every_second(written):
    file, rows, place = written
    digest, signals, _ = edf_form.read_edf(place.read_bytes())
    assert digest == file.sha256
    by_second = {row["time_s"]: row for row in rows}
    for key in STEP:
        wanted = [by_second[s][key] if s in by_second else None for s in range(len(signals[key]))]
        assert signals[key] == [None if value is None else pytest.approx(float(value)) for value in wanted]


class TestRows:
    def test_a_late_second_is_in_the_free_one_beside_it(self):
        for seconds, wanted in (((1, 2, 3, 3, 5, 6), range(6)), ((1, 2, 4, 4, 5), range(5))):
            raw = b"".join(made.row(s, pulse_bpm=100 + n) for n, s in enumerate(seconds))
            _, signals, annotations = edf_form.read_edf(edf_form.edf(file_of(raw), tell(raw)))
            assert signals["pulse_rate_bpm"] == [100 + n for n in wanted]
            assert not any("second row" in text for _, text in annotations)

    def test_a_row_for_which_there_is_no_place_is_told(self):
        raw = b"".join(made.row(s) for s in (1, 2, 2, 3))
        _, signals, annotations = edf_form.read_edf(edf_form.edf(file_of(raw), tell(raw)))
        assert len(signals["pulse_rate_bpm"]) == 3
        assert (1.0, "a second row in this second is in the CSV only") in annotations

    def test_every_number_that_the_device_can_write_has_a_place(self):
        raw = made.row(1, pulse_bpm=655.34, tempo_bpm=0.0, level_dba=0.0)
        _, signals, _ = edf_form.read_edf(edf_form.edf(file_of(raw), tell(raw)))
        assert (signals["pulse_rate_bpm"], signals["tempo_bpm"], signals["level_dba"]) == (
            [655.34],
            [0.0],
            [0.0],
        )
        assert guard.ADULT_CEILING_CDBA / 100 < 655.35

    @pytest.mark.parametrize(
        "raw", [made.row(5), made.event(900, "press") + made.event(900, "end", 3, "dose")]
    )
    def test_the_shortest_sessions_can_be_written(self, raw, tmp_path):
        (tmp_path / "a.edf").write_bytes(edf_form.edf(file_of(raw), tell(raw)))
        for read in READERS.values():
            assert len(read(tmp_path / "a.edf")[0]["contact"]) == 1

    def test_three_hours_can_be_written_and_three_days_are_one_sentence(self, tmp_path):
        raw = b"".join(made.row(s) for s in range(0, 3 * 3600, 3)) + made.event(10_797, "press")
        (tmp_path / "a.edf").write_bytes(edf_form.edf(file_of(raw), tell(raw)))
        for read in READERS.values():
            signals, annotations, _ = read(tmp_path / "a.edf")
            assert signals["contact_valid"].sum() == 3600
            assert (10_797.0, "the device has noticed a press") in annotations
        raw = b"".join(made.row(s) for s in range(0, 3 * 86_400, 50_000))
        with pytest.raises(CalandoError, match="69 hours"):
            edf_form.edf(file_of(raw), tell(raw))

    @pytest.mark.parametrize(
        ("unit", "firmware"), [("a" * 32, "0.1.0"), ("a1", "0.1.0 öäü" + 20 * "x"), ("a1", "")]
    )
    def test_any_unit_and_firmware_fit_the_header(self, unit, firmware):
        raw = made.row(5)
        started = datetime.datetime(2026, 5, 1, tzinfo=zone(-9.5))
        file = file_of(raw, unit=unit, firmware=firmware, started=started)
        assert edf_form.began(edf_form.edf(file, tell(raw))) == started


class TestTheFormatsRules:
    """What EDFbrowser's checker and the specification ask of a header and of the lists of annotations."""

    @pytest.mark.parametrize("known", [True, False])
    def test_header_and_records_are_as_the_format_has_them(self, known, tmp_path):
        raw = made.session(every_s=2, end=None)[: 16 * 80] + made.row(500) + made.row(501)
        started = datetime.datetime(2026, 2, 28, 22, 58, tzinfo=zone(1)) if known else None
        content = edf_form.edf(file_of(raw, started=started), tell(raw))
        assert all(32 <= byte < 127 for byte in content[:256])
        count = int(content[252:256])
        assert content[:8] == b"0       "
        assert int(content[184:192]) == 256 * (count + 1)
        assert content[192:236].rstrip() == b"EDF+C"
        assert re.fullmatch(rb"X X X X +", content[8:88])
        day, at = content[168:176], content[176:184]
        if known:
            assert (day, at) == (b"28.02.26", b"22.58.00")
            assert content[88:168].startswith(
                b"Startdate 28-FEB-2026 X X Calando_43414c414e444f01_0.1.0 UTC+01:00"
            )
        else:
            assert (day, at) == (b"01.01.85", b"00.00.00")
            assert content[88:168].startswith(b"Startdate X X X Calando_")
        widths = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
        place, columns = 256, []
        for width in widths:
            columns.append([content[place + n * width : place + (n + 1) * width] for n in range(count)])
            place += count * width
        header = b"".join(b"".join(column) for column in columns)
        assert all(32 <= byte < 127 for byte in header)
        labels, _, units, low, high, digital_low, digital_high, _, samples, _ = columns
        assert len(set(labels)) == count
        assert labels[-1].rstrip() == b"EDF Annotations"
        assert all(float(a) < float(b) for a, b in zip(low, high, strict=True))
        assert all(
            -32_768 <= int(a) < int(b) <= 32_767 for a, b in zip(digital_low, digital_high, strict=True)
        )
        assert b"".join(units).strip()
        size = 2 * sum(map(int, samples))
        records = int(content[236:244])
        assert len(content) == 256 * (count + 1) + records * size
        assert float(content[244:252]) == 1
        for number in range(records):
            record = content[256 * (count + 1) + number * size :][:size]
            lists = record[2 * sum(map(int, samples[:-1])) :]
            assert lists.startswith(b"+%d\x14\x14\x00" % number)  # one after another without a gap
            for one in lists.rstrip(b"\0").split(b"\0"):
                assert re.fullmatch(rb"\+\d+(\.\d+)?(\x15\d+(\.\d+)?)?\x14([^\x14]*\x14)+", one)
                one.decode("utf-8")


# POSIX zones, so that no table of zones is needed: name, offset west of Greenwich, and when summer time is.
ZONES = [f"X{hours:+d}" for hours in range(-14, 12)] + [
    "X-5:30", "X-5:45", "X-9:30", "X+3:30", "X+9:30", "X-12:45",
    "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "LHST-10:30LHDT-11,M10.1.0,M4.1.0",
]  # fmt: skip


@pytest.fixture
def computer_in(monkeypatch):
    """Put this computer into a zone; it is back where it was afterwards."""

    def move(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    before = os.environ.get("TZ")
    yield move
    if before is None:
        monkeypatch.delenv("TZ", raising=False)
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


class TestInstants:
    """A session is read in one zone and exported in another: its instants are the same in every form."""

    @pytest.mark.parametrize(
        "began",
        [
            datetime.datetime(
                2026, 3, 28, 23, 30, tzinfo=datetime.UTC
            ),  # over midnight, and to summer time at one
            datetime.datetime(
                2026, 3, 29, 0, 45, tzinfo=datetime.UTC
            ),  # over the hour that is not there in Berlin
            datetime.datetime(2026, 10, 25, 0, 10, tzinfo=datetime.UTC),  # over the hour that is there twice
            datetime.datetime(2025, 12, 31, 22, 5, tzinfo=datetime.UTC),  # over the year's end somewhere
        ],
    )
    def test_in_every_zone(self, began, computer_in, tmp_path):
        raw = b"".join(made.row(100 + s) for s in range(0, 3 * 3600, 60))
        whole_hours_too = began.minute == 30  # once is enough for those
        for number, name in enumerate(ZONES if whole_hours_too else ZONES[-9:]):
            computer_in(name)
            read_at = (began + datetime.timedelta(hours=7)).astimezone()
            started = session_file.started_at(tell(raw), True, 7 * 3600 + 100, read_at)
            assert started == began
            assert started.utcoffset() == began.astimezone().utcoffset()  # as the clock at the bedside had it
            session_file.save(file_of(raw, started=started, read_at=read_at), tmp_path / "s.calando")
            computer_in(ZONES[-1 - number])
            file = session_file.load(tmp_path / "s.calando")
            told = tell(file.raw)
            content = edf_form.edf(file, tell(raw[: 16 * 2]))  # its header is of no other length
            assert edf_form.began(content) == began
            assert csv_form.session_of(csv_form.sidecar(file, told)).started == began
            last = fhir_form.bundle(file, told)["entry"][-1]["resource"]["effectivePeriod"]
            assert datetime.datetime.fromisoformat(last["start"]) == began + datetime.timedelta(minutes=179)
            read = edfio.read_edf(io.BytesIO(content))
            local = datetime.datetime.combine(read.startdate, read.starttime)
            assert local == started.replace(tzinfo=None)
            said = next(a.text for a in read.annotations if a.text.startswith("session began "))
            assert datetime.datetime.fromisoformat(said.removeprefix("session began ")) == began
