"""A recording is played as it was taken, or refused with one sentence: what is wrong with it, and where."""

import numpy as np
import pytest

from simulator.patient import IR_COUNTS, NA_PER_MA_PER_COUNT
from simulator.recordings import recording, recording_file

PERIOD_US = 10_000.0


def pulse_wave(seconds, rate_bpm=75.0, noise=0.0):
    t = np.arange(int(seconds * 100)) / 100
    ir = 100_000 - 500 * np.sin(2 * np.pi * rate_bpm / 60 * t) + 300 * np.sin(0.1 * t)
    return t, np.rint(ir + noise * np.random.default_rng(1).standard_normal(len(t)))


def write(path, t, ir, red=None, header=None):
    columns = [t, ir] if red is None else [t, ir, red]
    header = header or ("time_s,ir" if red is None else "time_s,ir,red")
    rows = [
        ",".join([f"{row[0]:.2f}", *(f"{value:.0f}" for value in row[1:])])
        for row in zip(*columns, strict=True)
    ]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.fixture
def good(tmp_path):
    t, ir = pulse_wave(20)
    return write(tmp_path / "good.csv", t, ir, ir * 0.85)


def spoil(path, line, text):
    """Replace a line (counted from 1) of a file."""
    lines = path.read_text().split("\n")
    lines[line - 1] = text
    path.write_text("\n".join(lines))
    return path


def refusal(path):
    with pytest.raises(recording.LightRecordingError) as caught:
        recording.load(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert str(path) in sentence
    return sentence


def test_a_good_recording_is_played_count_for_count(good):
    read = recording.load(good)
    ir, red, ambient = recording.RecordedPatient(read).photocurrent(0, PERIOD_US, 1500)
    assert np.allclose(ir / NA_PER_MA_PER_COUNT, read.ir[:1500], atol=1e-6)
    assert np.allclose(red / NA_PER_MA_PER_COUNT, read.red[:1500], atol=1e-6)
    assert (ambient > 0).all()


def test_columns_are_found_by_name_in_any_order(tmp_path):
    t, ir = pulse_wave(12)
    path = write(tmp_path / "r.csv", t, ir * 0.85, ir, header="time_s,red,ir")
    assert recording.load(path).ir.mean() > recording.load(path).red.mean()


def test_without_a_red_column_no_red_light_is_made_up(tmp_path):
    t, ir = pulse_wave(12)
    read = recording.load(write(tmp_path / "r.csv", t, ir))
    assert read.red is None
    assert not recording.RecordedPatient(read).photocurrent(0, PERIOD_US, 100)[1].any()


@pytest.mark.parametrize(
    ("line", "text", "words"),
    [
        (5, "0.03,nan,85000", ["ir in line 5 is nan", "0 to 262143"]),
        (6, "0.04,inf,85000", ["ir in line 6 is inf"]),
        (7, "0.05,100000,-3", ["red in line 7 is -3"]),
        (8, "0.06,262144,85000", ["ir in line 8 is 262144"]),
        (9, "0.07,abc,85000", ['ir in line 9 is "abc", not a number']),
        (10, "0.08,,85000", ["ir in line 10 is empty"]),
        (11, "0.09,100000", ["line 11 has 2 values", "3 columns"]),
        (12, "0.10,100000,85000,1", ["line 12 has 4 values"]),
        (13, "nan,100000,85000", ["time_s in line 13 is nan"]),
        (14, "x,100000,85000", ['time_s in line 14 is "x"']),
        (15, "7.00,100000,85000", ["from 7 to 0.14 s in line 16", "it must rise"]),
        (16, "0.12,100000,85000", ["from 0.13 to 0.12 s in line 16"]),
        (1, "heat,ir,red", ["no column time_s"]),
        (1, "time_s,led1,red", ["no column ir", '"time_s, led1, red"']),
    ],
)
def test_a_line_that_is_wrong_is_named(good, line, text, words):
    sentence = refusal(spoil(good, line, text))
    for word in words:
        assert word in sentence


def test_a_text_where_numbers_should_be_is_refused(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("dear diary, today the sensor fell off\nand nobody saw it\n")
    assert "no column ir" in refusal(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    assert "no such recording" in refusal(tmp_path / "none.csv")


def test_a_folder_is_no_recording(tmp_path):
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"  \n\n"])
def test_an_empty_file_is_said_to_be_empty(tmp_path, content):
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    assert "is empty" in refusal(path)


def test_a_header_alone_is_no_recording(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("time_s,ir,red\n")
    assert "no samples" in refusal(path)


def test_a_file_of_bytes_is_refused(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" * 99)
    assert "not a text file" in refusal(path)


def test_less_than_ten_seconds_is_too_short(tmp_path):
    t, ir = pulse_wave(9.5)
    assert "at least 10 s" in refusal(write(tmp_path / "r.csv", t, ir))


@pytest.mark.parametrize("rate_hz", [50, 98, 99.2, 102, 125, 200])
def test_another_rate_than_a_hundred_is_brought_to_it_and_told(tmp_path, rate_hz):
    ir = pulse_wave(20)[1]
    path = tmp_path / "r.csv"
    rows = [f"{n / rate_hz:.6f},{value:.0f}" for n, value in enumerate(ir)]
    path.write_text("\n".join(["time_s,ir", *rows]))
    read = recording.load(path)
    assert len(read.ir) == pytest.approx(2000 * 100 / rate_hz, abs=2)
    assert read.notes == (f"its {rate_hz:g} samples a second were resampled to 100",)


def test_a_recording_with_a_hole_cannot_be_played(good):
    lines = good.read_text().split("\n")
    good.write_text("\n".join(lines[:500] + lines[600:]))
    assert "has a hole at 4.99 s" in refusal(good)


def test_a_file_from_a_spreadsheet_with_its_mark_and_line_ends_is_read(good):
    good.write_bytes(b"\xef\xbb\xbf" + good.read_bytes().replace(b"\n", b"\r\n"))
    assert recording.load(good).length_s == 20


def test_a_recording_that_is_too_large_is_not_read(good, monkeypatch):
    monkeypatch.setattr(recording_file, "LARGEST_FILE_BYTES", 1000)
    assert "cut it into parts" in refusal(good)


class TestLoop:
    def loop(self, tmp_path, seconds=33.3, rate_bpm=75.0):
        t, ir = pulse_wave(seconds, rate_bpm, noise=3)
        return recording.RecordedPatient(recording.load(write(tmp_path / "r.csv", t, ir)))

    def test_the_seam_has_no_step_and_no_beat_out_of_time(self, tmp_path):
        patient = self.loop(tmp_path)
        ir = patient.photocurrent(0, PERIOD_US, 20_000)[0] / NA_PER_MA_PER_COUNT
        assert np.abs(np.diff(ir)).max() < 60  # a sample's step of the wave itself is up to 39
        crossings = np.flatnonzero((ir[:-1] > 100_000) & (ir[1:] <= 100_000))
        spectrum = np.abs(np.fft.rfft(ir - ir.mean()))
        hertz = np.fft.rfftfreq(len(ir), 0.01)
        spectrum[hertz < 0.5] = 0
        assert 60 * hertz[spectrum.argmax()] == pytest.approx(75, abs=0.8)
        assert len(crossings) > 100

    def test_it_plays_the_same_in_whatever_pieces(self, tmp_path):
        whole = self.loop(tmp_path).photocurrent(0, PERIOD_US, 9000)[0]
        patient = self.loop(tmp_path)
        parts = [patient.photocurrent(n * 170_000, PERIOD_US, 17)[0].copy() for n in range(9000 // 17)]
        joined = np.concatenate(parts)
        assert np.array_equal(whole[: len(joined)], joined)

    def test_after_one_turn_it_is_where_it_was(self, tmp_path):
        patient = self.loop(tmp_path)
        turn = round(patient.loop_s * 100)
        ir = patient.photocurrent(0, PERIOD_US, 3 * turn + 2000)[0]
        assert np.allclose(ir[2000 + turn : 2000 + 2 * turn], ir[2000 + 2 * turn : 2000 + 3 * turn])

    def test_contact_and_motion_can_be_scripted_on_it(self, tmp_path):
        patient = self.loop(tmp_path)
        patient.set("sensor_off", 1, at_s=5, for_s=5)
        ir = patient.photocurrent(0, PERIOD_US, 1200)[0] / NA_PER_MA_PER_COUNT
        assert ir[600:950].max() < 5000
        with pytest.raises(ValueError, match="pulse_rate"):
            patient.set("pulse_rate", 60, 0)


class TestTruth:
    def test_nobody_knows_the_pulse_of_a_recording_without_marked_beats(self, good):
        patient = recording.RecordedPatient(recording.load(good))
        assert patient.true_pulse_rate_bpm(15) is None
        assert patient.true_spo2_percent(15) is None

    def test_marked_beats_beside_the_file_give_the_truth_in_every_turn(self, good):
        beats = np.arange(0.2, 20, 0.8)
        good.with_name("good.beats.csv").write_text(
            "time_s\n" + "\n".join(f"{beat:.3f}" for beat in beats) + "\n"
        )
        patient = recording.RecordedPatient(recording.load(good))
        assert patient.true_pulse_rate_bpm(1) is None
        assert patient.true_pulse_rate_bpm(15) == pytest.approx(75, rel=0.001)
        assert patient.true_pulse_rate_bpm(15 + patient.loop_s) == pytest.approx(75, rel=0.001)

    def test_beats_that_are_no_numbers_are_refused(self, good):
        good.with_name("good.beats.csv").write_text("time_s\n0.2\nlater\n")
        with pytest.raises(recording.LightRecordingError, match=r'line 3 is "later"'):
            recording.load(good)


class TestPackaged:
    @pytest.mark.parametrize(("name", "seconds"), [("heartpy", 73), ("heartpy_movement", 682)])
    def test_a_recording_of_the_package_is_scaled_as_our_sensor_sees_an_adult(self, name, seconds):
        read = recording.packaged(name)
        assert read.length_s == pytest.approx(seconds, abs=1)
        assert read.ir.mean() == pytest.approx(IR_COUNTS, rel=0.01)
        windows = read.ir[: len(read.ir) // 200 * 200].reshape(-1, 200)
        assert np.median(np.ptp(windows, axis=1)) == pytest.approx(1000, rel=0.05)
        assert read.red is None
        assert read.beat_s is None

    @pytest.mark.parametrize("name", recording.PACKAGED)
    def test_its_pulse_is_upright_light_falls_faster_than_it_rises(self, name):
        steps = np.diff(recording.packaged(name).ir)
        assert -np.percentile(steps, 1) > np.percentile(steps, 99)

    def test_a_scenario_reaches_it_by_name(self, tmp_path):
        assert recording.find("heartpy", tmp_path) is recording.packaged("heartpy")

    @pytest.mark.parametrize("name", recording.PACKAGED)
    def test_its_seam_is_no_worse_than_the_beats_around_it(self, name):
        read = recording.packaged(name)
        patient = recording.RecordedPatient(read)
        start_us = round((patient._end / 100 - 10) * 1e6)
        ir = patient.photocurrent(start_us, PERIOD_US, 2000)[0] / NA_PER_MA_PER_COUNT
        assert np.abs(np.diff(ir)).max() <= np.abs(np.diff(read.ir)).max()
        around = ir[850:1250] - ir[850:1250].mean()
        itself = np.correlate(around, around, "full")[len(around) - 1 :]
        lag = 40 + itself[40:110].argmax()
        assert itself[lag] > 0.45 * itself[0]  # a regular pulse of 55 to 150 a minute goes through the seam


@pytest.mark.parametrize("header", ["ir,red,x", "a,b,c", "time_s,ir_raw,ir_value"])
def test_what_an_option_would_tell_elsewhere_is_asked_of_the_file_here(tmp_path, header):
    path = tmp_path / "log.csv"
    t, ir = pulse_wave(12)
    write(path, t, ir, ir, header)
    sentence = refusal(path)
    assert "--" not in sentence
    assert "time_s" in sentence or "name the right one" in sentence


def test_exchanged_lights_are_told(tmp_path):
    path = tmp_path / "log.csv"
    t, ir = pulse_wave(30)
    red = IR_COUNTS + (ir - IR_COUNTS) * 0.6
    write(path, t, ir, red)
    assert recording.load(path).notes == ()
    write(path, t, red, ir)
    (note,) = recording.load(path).notes
    assert "the red light pulses 1.67 times as much" in note
