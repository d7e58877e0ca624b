"""`calando vitals`: its rows, its beats, and one plain sentence for everything that is no recording."""

import csv

import numpy as np
import pytest
from pulse_signals import pulse
from typer.testing import CliRunner

from host_tools import cli, output
from host_tools.play import vitals_run, vitals_script
from simulator.files.errors import CalandoError

HEADER = "time_s,ir,red"


def lines(samples, start_s=0.0, red=True):
    return [
        f"{start_s + place / 100:.2f},{ir},{red_}" if red else f"{start_s + place / 100:.2f},{ir}"
        for place, (ir, red_) in enumerate(samples.tolist())
    ]


@pytest.fixture
def recording(tmp_path):
    def write(rows, header=HEADER, name="recording.csv"):
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
        return path

    return write


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_script_is_given_blocks_that_end_at_every_tenth_sample_and_at_a_gap():
    """Each row: how many samples, infrared, red; as the device takes them between two updates."""
    gap = [vitals_script.GAP, 13]
    pairs = (
        [[at, 100 + at] for at in range(14)] + [gap] + [[at, 100 + at] for at in range(27, 31)] + [gap, gap]
    )
    blocks = vitals_run.blocks_of(np.array(pairs, "<u4")).tolist()
    assert [block[0] for block in blocks] == [10, 4, gap[0], 3, 1, gap[0], gap[0]]
    assert [block[1] for block in blocks] == [0, 10, 13, 27, 30, 13, 13]
    assert blocks[0][1:] == [*range(10), *range(100, 110)]
    assert blocks[3][1:4] == [27, 28, 29] and blocks[3][11:14] == [127, 128, 129]
    assert vitals_run.blocks_of(np.zeros((0, 2), "<u4")).tolist() == []


def test_rows_once_a_second_and_a_beat_a_row(recording, tmp_path):
    made = pulse(150, 20)
    out, beats = tmp_path / "rows.csv", tmp_path / "beats.csv"
    vitals_run.vitals(recording(lines(made.samples)), "newborn", out, beats)
    rows = rows_of(out)
    assert list(rows[0]) == [
        "time_s", "pulse_rate_bpm", "spo2_percent", "perfusion_index_percent", "quality", "contact",
        "breathing_rate_bpm", "breath_amplitude_bpm", "pulse_variability_ms", "beats_corrected_percent",
        "pulse_reason", "spo2_reason",
    ]  # fmt: skip
    assert (rows[0]["pulse_reason"], rows[-1]["pulse_reason"], rows[-1]["spo2_reason"]) == (
        "unsettled",
        "",
        "",
    )
    assert [row["time_s"] for row in rows] == [str(second) for second in range(1, 21)]
    assert (rows[0]["pulse_rate_bpm"], rows[0]["spo2_percent"], rows[0]["contact"]) == ("", "", "1")
    assert float(rows[-1]["pulse_rate_bpm"]) == pytest.approx(150, abs=1)
    assert float(rows[-1]["spo2_percent"]) == pytest.approx(92.5, abs=0.5)
    found = [float(row["time_s"]) for row in rows_of(beats)]
    assert len(found) == pytest.approx(len(made.beats_s), abs=3)
    assert np.all(np.diff(found) > 0.3)


def test_the_command_writes_to_standard_output_without_out(recording):
    path = recording(lines(pulse(72, 12).samples))
    done = CliRunner().invoke(cli.app, ["vitals", str(path), "--population", "adult"])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0].startswith("time_s,pulse_rate_bpm")
    assert len(done.stdout.splitlines()) == 13


def test_without_red_there_is_a_rate_and_no_spo2(recording):
    readings = vitals_run.read(recording(lines(pulse(150, 20).samples, red=False), "time_s,ir"), "newborn")
    assert readings.rows[-1]["pulse_rate_bpm"] == pytest.approx(150, abs=1)
    assert readings.rows[-1]["spo2_percent"] is None


def test_times_begin_where_the_recording_begins(recording):
    made = pulse(150, 15)
    readings = vitals_run.read(recording(lines(made.samples, start_s=100)), "newborn")
    assert [row["time_s"] for row in readings.rows] == list(range(101, 116))
    assert readings.beats_s[3] == pytest.approx(100 + made.beats_s[3], abs=0.5)


def test_a_gap_in_time_is_lost_samples(recording):
    text = lines(pulse(150, 30).samples)
    readings = vitals_run.read(recording(text[:1500] + text[1700:]), "newborn")
    assert [row["time_s"] for row in readings.rows] == list(range(1, 31))
    assert not [beat for beat in readings.beats_s if 15.02 < beat < 17]


def test_four_seconds_of_light_are_enough_for_spo2(recording):
    readings = vitals_run.read(recording(lines(pulse(72, 4).samples)), "adult")
    assert readings.rows[-1]["spo2_percent"] == pytest.approx(92.5, abs=1)


GOOD = lines(pulse(150, 12).samples)


@pytest.mark.parametrize(
    "rows, header, words",
    [
        (GOOD, "time_s,red", "no column ir"),
        (GOOD, "heat,ir,red", "no column time_s"),
        ([], HEADER, "no samples"),
        ([*GOOD[:500], "5.00,abc,1", *GOOD[501:]], HEADER, "ir in line 502"),
        ([*GOOD[:500], "5.00,nan,1", *GOOD[501:]], HEADER, "ir in line 502"),
        ([*GOOD[:500], "nan,100000,80000", *GOOD[501:]], HEADER, "time_s in line 502"),
        ([*GOOD[:500], "5.00,262144,1", *GOOD[501:]], HEADER, "262143"),
        ([*GOOD[:500], "5.00,-1,1", *GOOD[501:]], HEADER, "262143"),
        ([*GOOD[:500], "5.00,1", *GOOD[501:]], HEADER, "line 502"),
        (GOOD[::5], HEADER, "20 samples a second"),
        (GOOD[:500] + GOOD[:500], HEADER, "it must rise"),
        ([*GOOD, "900.0,100000,80000"], HEADER, "it must rise"),
        (GOOD[:50], HEADER, "holds 50 samples"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_sentence_and_nothing_is_written(
    recording, tmp_path, monkeypatch, capsys, rows, header, words
):
    path = recording(rows, header)
    out = tmp_path / "rows.csv"
    arguments = ["calando", "vitals", str(path), "--out", str(out), "--beats", str(tmp_path / "b.csv")]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert sorted(item.name for item in tmp_path.iterdir()) == ["recording.csv"]


@pytest.mark.parametrize("content", [None, b"", b"\x00\x01\x02" * 100, b"\xff\xfe\xfd,ir\n1,2\n"])
def test_missing_empty_and_binary_files_are_refused(tmp_path, content):
    path = tmp_path / "recording.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CalandoError, match=r"recording\.csv"):
        vitals_run.vitals(path, "newborn", tmp_path / "rows.csv")
    assert not (tmp_path / "rows.csv").exists()


def test_output_never_replaces_the_recording_or_goes_nowhere(recording, tmp_path):
    path = recording(GOOD)
    before = path.read_bytes()
    for out, beats in ((path, None), (tmp_path, None), (tmp_path / "no" / "rows.csv", None), (None, path)):
        with pytest.raises(CalandoError):
            vitals_run.vitals(path, "newborn", out, beats)
    with pytest.raises(CalandoError, match="a file of its own"):
        vitals_run.vitals(path, "newborn", tmp_path / "x.csv", tmp_path / "x.csv")
    (tmp_path / "letter.csv").write_text("my letter")
    for out, beats in ((tmp_path / "letter.csv", None), (None, tmp_path / "letter.csv")):
        with pytest.raises(CalandoError, match="is no earlier result"):
            vitals_run.vitals(path, "newborn", out, beats)
    assert path.read_bytes() == before and (tmp_path / "letter.csv").read_text() == "my letter"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["letter.csv", "recording.csv"]
    for _ in range(2):  # the second time over the first one's results
        vitals_run.vitals(path, "newborn", tmp_path / "rows.csv", tmp_path / "beats.csv")


def test_files_appear_whole_or_not_at_all(recording, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    path = recording(GOOD)
    monkeypatch.setattr(output.os, "replace", full)
    with pytest.raises(CalandoError, match="no space left on device"):
        vitals_run.vitals(path, "newborn", tmp_path / "rows.csv", tmp_path / "beats.csv")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["recording.csv"]


def test_an_unknown_population_is_refused(recording):
    with pytest.raises(CalandoError, match="newborn or adult"):
        vitals_run.read(recording(GOOD), "preterm")
