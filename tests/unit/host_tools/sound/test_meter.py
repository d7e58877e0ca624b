"""The host's sound level meter against the tables of IEC 61672-1 and against arithmetic."""

import json

import numpy as np
import pytest
from scipy import signal

from host_tools import cli
from host_tools.sound import meter
from simulator.files.errors import CalandoError

# IEC 61672-1:2013 table 3: nominal frequency, A, C (dB). The exact frequency is 10 ** (n / 10).
WEIGHTS = """
20 -50.5 -6.2|25 -44.7 -4.4|31.5 -39.4 -3.0|40 -34.6 -2.0|50 -30.2 -1.3|63 -26.2 -0.8|80 -22.5 -0.5
100 -19.1 -0.3|125 -16.1 -0.2|160 -13.4 -0.1|200 -10.9 0|250 -8.6 0|315 -6.6 0|400 -4.8 0|500 -3.2 0
630 -1.9 0|800 -0.8 0|1000 0 0|1250 0.6 0|1600 1.0 -0.1|2000 1.2 -0.2|2500 1.3 -0.3|3150 1.2 -0.5
4000 1.0 -0.8|5000 0.5 -1.3|6300 -0.1 -2.0
"""
TABLE = [tuple(map(float, row.split())) for row in WEIGHTS.replace("\n", "|").split("|") if row.strip()]
# Table 4: duration in ms of a burst of 4 kHz, fast and slow response to it against the steady tone (dB).
BURSTS = [
    (1000, 0.0, -2.0), (500, -0.1, -4.1), (200, -1.0, -7.4), (100, -2.6, -10.2), (50, -4.8, -13.1),
    (20, -8.3, -17.0), (10, -11.1, -20.0), (5, -14.1, -23.0), (2, -18.0, -27.0), (1, -21.0, None),
]  # fmt: skip


def tone(frequency_hz, seconds, rate_hz=16000, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * rate_hz)) / rate_hz)


def steady_db(samples, rate_hz, which):
    powers = meter.frame_powers(samples, rate_hz)[which]
    return float(meter.decibels(powers[len(powers) // 2 :].mean(), 0))


@pytest.mark.parametrize("rate_hz", [16000, 44100, 48000])
def test_weights_are_those_of_the_standard(rate_hz):
    reference = [steady_db(tone(1000, 2, rate_hz), rate_hz, which) for which in (0, 1)]
    for nominal, a_db, c_db in TABLE:
        exact = 10 ** (round(10 * np.log10(nominal)) / 10)
        samples = tone(exact, 2, rate_hz)
        # The table is rounded to 0.1 dB; the filter may add 0.1 of its own.
        assert steady_db(samples, rate_hz, 0) - reference[0] == pytest.approx(a_db, abs=0.15), nominal
        assert steady_db(samples, rate_hz, 1) - reference[1] == pytest.approx(c_db, abs=0.15), nominal


def test_filters_follow_the_formula_within_a_tenth_of_a_db_up_to_two_fifths_of_the_rate():
    for rate_hz in (8000, 16000, 32000, 44100, 48000):
        frequency = np.geomspace(20, 0.4 * rate_hz, 300)
        z = np.exp(2j * np.pi * frequency / rate_hz)
        poles_c, taps_c, poles_a, taps_a = meter.design(rate_hz)

        def response(poles, taps, z=z):
            found = (z - 1) ** 2 / ((z - poles[0]) * (z - poles[1]))
            return 20 * np.log10(np.abs(found * np.polyval(taps, z)))

        c_db = response(poles_c, taps_c)
        assert np.abs(c_db - meter.weight_db(frequency, "C")).max() < 0.1
        assert np.abs(c_db + response(poles_a, taps_a) - meter.weight_db(frequency, "A")).max() < 0.1


@pytest.mark.parametrize("rate_hz", [16000, 48000])
@pytest.mark.parametrize(("milliseconds", "fast_db", "slow_db"), BURSTS)
def test_tone_bursts_read_as_the_standard_says(rate_hz, milliseconds, fast_db, slow_db):
    burst = np.zeros(3 * rate_hz)
    burst[rate_hz // 2 : rate_hz // 2 + milliseconds * rate_hz // 1000] = 1
    powers = meter.frame_powers(burst * tone(4000, 3, rate_hz), rate_hz)[0]
    steady = steady_db(tone(4000, 3, rate_hz), rate_hz, 0)
    fast = meter.decibels(meter.time_weighted(powers, meter.FAST_S).max(), 0) - steady
    assert fast == pytest.approx(fast_db, abs=0.2)
    if slow_db is not None:
        slow = meter.decibels(meter.time_weighted(powers, meter.SLOW_S).max(), 0) - steady
        assert slow == pytest.approx(slow_db, abs=0.2)


def test_a_full_scale_kilohertz_is_what_the_calibration_says():
    samples = np.round(32767 * tone(1000, 12, amplitude=1.0)).astype(np.int16)
    levels = meter.measure(samples, 16000, 74.0)
    assert levels.laeq_dba == pytest.approx(74.0, abs=0.05)
    assert levels.las_max_dba == pytest.approx(74.0, abs=0.05)
    assert levels.lcs_max_dbc == pytest.approx(74.0, abs=0.05)
    assert levels.true_peak_dbfs == pytest.approx(0.0, abs=0.05)
    assert meter.measure(samples, 16000, 94.0).laeq_dba == pytest.approx(94.0, abs=0.05)


def test_the_mean_level_by_the_spectrum_is_the_meters():
    random = np.random.default_rng(3)
    for samples in (
        np.round(3000 * tone(440, 5, amplitude=1.0)).astype(np.int16),
        (random.normal(size=80_000) * np.linspace(100, 3000, 80_000)).astype(np.int16),
    ):
        whole = meter.measure(samples, 16000, 74.0).laeq_dba
        assert meter.laeq_dba(samples, 16000, 74.0) == pytest.approx(whole, abs=0.05)
    assert meter.laeq_dba(np.zeros(16000, dtype=np.int16), 16000, 74.0) is None


def test_statistics_of_two_levels():
    quiet, loud = tone(1000, 24, amplitude=0.01), tone(1000, 6, amplitude=0.1)
    levels = meter.measure(np.concatenate([quiet, loud]), 16000, 74.0)
    assert levels.laf10_dba == pytest.approx(54, abs=0.2)
    assert levels.laf90_dba == pytest.approx(34, abs=0.2)
    assert levels.l50_dba == pytest.approx(34, abs=0.2)
    assert levels.laeq_dba == pytest.approx(10 * np.log10(0.8 * 10**3.4 + 0.2 * 10**5.4), abs=0.1)


def test_the_rise_rate_is_the_slope_of_a_fade_in():
    slope = 0.9
    t = np.arange(40 * 16000) / 16000
    samples = tone(1000, 40, amplitude=1.0) * 10 ** ((-50 + slope * t) / 20)
    levels = meter.measure(samples, 16000, 74.0)
    assert levels.rise_rate_db_per_s == pytest.approx(slope, abs=0.05)


def test_the_true_peak_between_samples_is_found():
    # A quarter of the rate, sampled 45 degrees off its crests: samples at 0.707, crests at 1.
    samples = np.sin(np.pi / 2 * np.arange(8000) + np.pi / 4) * 0.5
    assert meter.measure(samples, 16000).true_peak_dbfs == pytest.approx(20 * np.log10(0.5), abs=0.15)


def test_silence_has_no_level():
    levels = meter.measure(np.zeros(48000, dtype=np.int16), 16000)
    assert levels.laeq_dba is None and levels.las_max_dba is None and levels.true_peak_dbfs is None
    assert np.isnan(meter.level_history(np.zeros(48000, dtype=np.int16), 16000, 74.0)).all()


def test_the_history_has_one_level_a_second():
    samples = np.concatenate([np.zeros(32000), tone(1000, 3.5, amplitude=0.1)])
    history = meter.level_history(samples, 16000, 74.0)
    assert len(history) == 6
    assert np.isnan(history[0]) and np.isnan(history[1])
    assert history[5] == pytest.approx(54, abs=0.3)


def test_the_command_prints_every_level(tmp_path, capsys, monkeypatch):
    path = tmp_path / "tone.wav"
    meter.write_wav(path, np.round(3000 * tone(1000, 10, amplitude=1.0)), 16000)
    for options in (["--json"], ["--full-scale-dba", "80"]):
        monkeypatch.setattr("sys.argv", ["calando", "meter", str(path), *options])
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert not left.value.code
        text = capsys.readouterr().out
        if options == ["--json"]:
            assert json.loads(text)["laeq_dba"] == pytest.approx(74 + 20 * np.log10(3000 / 32768), abs=0.1)
    for name, _, unit in cli.LEVELS:
        assert name in text and unit in text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file"),
        (b"", "not a sound file"),
        (b"RIFF garbage that is no sound", "not a sound file"),
    ],
)
def test_bad_files_are_refused_in_a_sentence(tmp_path, content, says):
    path = tmp_path / "bad.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CalandoError, match=says) as caught:
        meter.meter(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_a_phones_file_and_24_bits_are_measured_too(tmp_path):
    import av

    sound = np.round(3000 * tone(1000, 4, amplitude=1.0)).astype(np.int16)
    for name, codec in (("a.flac", "flac"), ("b.wav", "pcm_s24le"), ("c.wav", "pcm_f32le"), ("d.mp3", "mp3")):
        with av.open(str(tmp_path / name), "w") as container:
            stream = container.add_stream(codec, rate=16000, layout="mono")
            frame = av.AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
            frame.sample_rate = 16000
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)
        levels = meter.meter(tmp_path / name)
        assert levels.laeq_dba == pytest.approx(74 + 20 * np.log10(3000 / 32768), abs=0.5), (
            name
        )  # an MP3 is longer by its padding


def test_a_file_without_samples_is_refused(tmp_path):
    path = tmp_path / "empty.wav"
    meter.write_wav(path, np.zeros(0), 16000)
    with pytest.raises(CalandoError, match="no samples"):
        meter.meter(path)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 5000])
@pytest.mark.parametrize("keep", [0.05, 0.9, 0.99987])
def test_the_recursive_filter_is_scipys(keep, count):
    x = np.random.default_rng(count).normal(size=count)
    expected, _ = signal.lfilter([1], [1, -keep], x, zi=[keep * 3.25])
    assert meter._recursion(keep, x, 3.25) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_weighting_goes_on_over_a_chunks_end_as_if_there_were_none(monkeypatch):
    samples = np.random.default_rng(1).normal(scale=0.1, size=20_000)
    whole = meter.frame_powers(samples, 16000)
    monkeypatch.setattr(meter, "CHUNK", 1777)
    for pieces, expected in zip(meter.frame_powers(samples, 16000), whole, strict=True):
        assert pieces == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_the_peak_between_samples_is_looked_for_where_scipy_resamples():
    piece = np.random.default_rng(2).normal(size=500)
    between = np.array(meter._oversampled(piece)).T.reshape(-1)
    assert between == pytest.approx(signal.resample_poly(piece, 4, 1), rel=1e-9, abs=1e-9)
