"""A logger's file gives the right rate, or is refused by a sentence that names the true cause: never a wrong rate."""

from pathlib import Path

import numpy as np
import pytest
from pulse_signals import pulse

from host_tools.play import vitals_run
from simulator.recordings import logged_rows, recording_file
from simulator.recordings.even_light import LightRecordingError
from simulator.recordings.layout import Layout, layout_of

SECONDS = 30
MADE = pulse(72, SECONDS).samples  # infrared, red
AT = np.arange(len(MADE)) / 100
UNIX_S = 1_700_000_000


def at_rate(rate_hz, rate_bpm=72):
    """(times, samples) as a sensor would have taken them at another rate."""
    slow = pulse(
        rate_bpm * 100 / rate_hz, round(SECONDS * rate_hz / 100), breathing_per_minute=1500 / rate_hz
    ).samples
    return np.arange(len(slow)) / rate_hz, slow


def rows(times: np.ndarray = AT, samples: np.ndarray = MADE, form="{t:.2f},{ir},{red}"):
    return [form.format(t=t, ir=ir, red=red) for t, (ir, red) in zip(times, samples.tolist(), strict=True)]


@pytest.fixture
def file(tmp_path):
    def write(lines, header="time_s,ir,red", encoding="utf-8"):
        path = tmp_path / "log.csv"
        path.write_text("\n".join([*([header] if header else []), *lines]) + "\n", encoding)
        return path

    return write


def check_rate(path, rate_bpm=72, population="adult", spo2=True, within=0.03, **options):
    """The firmware reads the true rate from it, and the true saturation (92.5) where there is red light."""
    readings = vitals_run.read(path, population, **options)
    shown = [row["pulse_rate_bpm"] for row in readings.rows[10:]]
    assert len(shown) > SECONDS - 12
    assert all(rate is not None and abs(rate / rate_bpm - 1) < within for rate in shown), shown
    last = readings.rows[-1]["spo2_percent"]
    assert last == pytest.approx(92.5, abs=1) if spo2 else last is None
    return readings


def refused(path, *words, **options):
    with pytest.raises(LightRecordingError) as caught:
        recording_file.read(path, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert str(path) in sentence or "--rate" in sentence
    for word in words:
        assert word in sentence
    return sentence


def test_our_own_form_is_read_count_for_count_and_nothing_is_told(file):
    light = recording_file.read(file(rows()))
    assert np.array_equal(light.ir, MADE[:, 0])
    assert light.red is not None and np.array_equal(light.red, MADE[:, 1])
    assert not light.lost.any()
    assert light.notes == ()


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("time_s;ir;red", "{t:.2f};{ir};{red}"),
        ("time_s\tir\tred", "{t:.2f}\t{ir}\t{red}"),
        ("time_s|ir|red", "{t:.2f}|{ir}|{red}"),
        ("time_s ir red", "{t:.2f} {ir} {red}"),
        ("time_s, ir, red", "{t:.2f}, {ir}, {red}"),
        ('"time_s","ir","red"', '"{t:.2f}","{ir}","{red}"'),
        ("timestamp_ms,ir,red,bpm,spo2", "{t:.2f}e3,{ir},{red},72.1,"),
        ("Time [s],Red (counts),IR (counts)", "{t:.2f},{red},{ir}"),
        ("sample_index,device_timestamp_s,host_timestamp_s,ir,red", "7,{t:.2f},99,{ir},{red}"),
        ("Seconds,RED_Value,IR_Value", "{t:.2f},{red},{ir}"),
        ("t,irValue,redValue", "{t:.2f},{ir},{red}"),
        ("elapsed,raw_ir,raw_red", "{t:.2f},{ir},{red}"),
        ("time,led_ir,led_red,temperature", "{t:.2f},{ir},{red},36.6"),
        ("timestamp,infrared,RED,note", "{t:.2f},{ir},{red},still"),
        ("ts,ppg_ir,ppg_red", "{t:.2f},{ir},{red}"),
        ("t,MAX30102 IR,MAX30102 Red", "{t:.2f},{ir},{red}"),
        ("time,IR LED,Red LED", "{t:.2f},{ir},{red},"),
        ("time,aun_ir_buffer,aun_red_buffer", "{t:.2f},{ir},{red}"),
        ("Zeit [s];Infrarot;Rot", "{t:.2f};{ir};{red}"),
        ("Temps (s),infrarouge,rouge", "{t:.2f},{ir},{red}"),
        ("tiempo_s,valor_ir,valor_rojo", "{t:.2f},{ir},{red}"),
        ("# time_s,ir,red", "{t:.2f},{ir},{red}"),
        ("# made on a Tuesday, 100 Hz\n# CSV: time_s,ir,red", "{t:.2f},{ir},{red}"),
        ("Initializing...\nPlace a finger, please.\ntime_s,ir,red", "{t:.2f},{ir},{red}"),
        ("time,ir,red\ns,counts,counts", "{t:.2f},{ir},{red}"),
        (None, "time={t:.2f}, ir={ir}, red={red}"),
        ("Sensor found", "R[{red}] IR[{ir}] G[0] T[{t:.2f}]"),
        (None, "IR: {ir};red: {red};t: {t:.2f}"),
        (None, '{{"t": {t:.2f}, "ir": {ir}, "red": {red}}}'),
    ],
)
def test_the_forms_that_loggers_write_are_read(file, header, form):
    check_rate(file(rows(form=form), header))


def test_a_rate_that_stands_in_the_lines_is_told_where_it_has_to_be_given(file):
    lines = rows(form="R[{red}] IR[{ir}] G[0] Hz[99.87]")
    refused(file(lines, None), "give --rate", "tells 99.87 Hz")
    assert "Hz" not in refused(file(rows(form="R[{red}] IR[{ir}] Hz[0.00]"), None), "give --rate")


@pytest.mark.parametrize(
    "written",
    [
        "0.1 0.25 1. 001.50 7",
        ".5 0.1234567890123456 999999999999999.5",
        "1700000000.123456 1700000001.123456",
        "123456789012345 1234567890123456 9007199254740993 18446744073709551616",
        "0.0000000000000000000001 0.00000000000000000000001 " + "9" * 400,
        "-0.5 0.5 +1.5",
    ],
)
def test_a_number_is_what_python_makes_of_it_to_the_last_bit(written):
    numbers = written.split()
    lines = ["time_s,ir", *(f"{number},100000" for number in numbers)]
    layout = layout_of(Path("log.csv"), lines, None)
    bare = logged_rows._bare_numbers(lines, layout)
    assert bare is not None
    assert bare[:, 0].tolist() == [float(number) for number in numbers]
    assert (bare[:, 1] == 100_000).all()


@pytest.mark.parametrize("cell", ["", ".", "-", "1.2.3", "..", "1-2", "+-1", "1e3"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_cell_that_is_no_bare_number_is_left_to_be_read_and_refused_by_itself(cell, place):
    lines = ["time_s,ir", *(f"{second}.5,{cell if second == place else 7}" for second in range(3))]
    layout = Layout(",", False, ["time_s", "ir"], [], 1, False, [])
    assert logged_rows._bare_numbers(lines, layout) is None
    turned = [",".join(reversed(line.split(","))) for line in lines]
    assert logged_rows._bare_numbers(turned, layout) is None


def test_decimal_commas_are_read_and_told(file):
    lines = [line.replace(".", ",") for line in rows(form="{t:.2f};{ir}.0;{red}.0")]
    readings = check_rate(file(lines, "Zeit [s];IR;Red"))
    assert any("decimal commas" in note for note in readings.notes)
    quoted = [line.replace(".", ",") for line in rows(form='"{t:.2f}"ß{ir}ß{red}')]
    check_rate(file([line.replace("ß", ",") for line in quoted]))
    blanks = [line.replace(".", ",") for line in rows(form="{t:.2f} {ir} {red}")]
    check_rate(file(blanks, "time_s ir red"))


def test_decimal_commas_between_commas_are_refused_by_that_cause(file):
    lines = [line.replace(".", ",") for line in rows(form="{t:.2f},{ir},{red}")]
    refused(file(lines), "decimal commas need semicolons", "line 2")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_windows_saves_is_read(file, encoding):
    check_rate(file(rows(), encoding=encoding))


@pytest.mark.parametrize(
    ("name", "scale", "start"),
    [
        ("time_ms", 1e3, 0), ("timestamp_ms", 1e3, UNIX_S * 1e3), ("millis", 1e3, 5000), ("t_us", 1e6, 0),
        ("micros", 1e6, 123456), ("timestamp", 1e3, UNIX_S * 1e3), ("time", 1e6, UNIX_S * 1e6),
        ("timestamp", 1e9, UNIX_S * 1e9), ("unix", 1.0, UNIX_S), ("Time (ms)", 1e3, 0),
    ],
)  # fmt: skip
def test_the_unit_of_a_time_is_in_its_name_or_in_its_steps(file, name, scale, start):
    digits = 2 if scale == 1 else 0
    lines = [f"{start + t * scale:.{digits}f},{ir},{red}" for t, (ir, red) in zip(AT, MADE, strict=True)]
    readings = check_rate(file(lines, f"{name},ir,red"))
    assert readings.rows[0]["time_s"] == pytest.approx(start / scale + 1, abs=0.01)


def test_clock_times_and_dates_are_read_over_midnight(file):
    seconds = 86_390 + AT
    clock = [f"{int(s // 3600) % 24:02}:{int(s // 60) % 60:02}:{s % 60:06.3f}" for s in seconds]
    lines = [f"{c},{ir},{red}" for c, (ir, red) in zip(clock, MADE, strict=True)]
    check_rate(file(lines, "time,ir,red"))
    dated = [f"2024-02-{28 + int(s // 86_400)} {c},{ir},{red}"
             for s, c, (ir, red) in zip(seconds, clock, MADE, strict=True)]  # fmt: skip
    check_rate(file(dated, "datetime,ir,red"))
    arrived = [f"{c} -> ir={ir},red={red}" for c, (ir, red) in zip(clock, MADE, strict=True)]
    check_rate(file(arrived, None))
    arrived = [f"{c} -> {ir},{red}" for c, (ir, red) in zip(clock, MADE, strict=True)]
    check_rate(file(arrived, f"{clock[0]} -> ir,red"))


def test_a_counter_that_begins_again_is_continued(file):
    micros = (2**32 - 7_000_000 + (AT * 1e6).astype(np.int64)) % 2**32
    readings = check_rate(file(rows(micros, form="{t},{ir},{red}"), "micros,ir,red"))
    assert any("began again at zero 1 time" in note for note in readings.notes)


@pytest.mark.parametrize("rate_hz", [25, 50, 96, 125, 200, 400, 1600])
def test_other_rates_are_brought_to_a_hundred(file, rate_hz):
    times, samples = at_rate(rate_hz)
    by_time = check_rate(file(rows(times, samples, "{t:.6f},{ir},{red}")))
    assert any("resampled to 100" in note for note in by_time.notes)
    check_rate(file(rows(times, samples, "{ir},{red}"), "ir,red"), rate_hz=rate_hz)
    coarse = rows(times, samples, "{t:.2f},{ir},{red}")
    check_rate(file(coarse))
    whole = rows(np.floor(times + 0.3), samples, "{t:.0f},{ir},{red}")
    check_rate(file(whole))


def test_what_is_brought_to_a_hundred_keeps_its_height_and_its_level(file):
    times = np.arange(20 * 125) / 125
    wave = 100_000 + 2000 * np.sin(2 * np.pi * 1.3 * times)
    hum = 3000 * np.sin(2 * np.pi * 60 * times)  # folded, it would be a pulse of 40 hertz
    light = recording_file.read(
        file([f"{t:.3f},{x:.0f}" for t, x in zip(times, wave + hum, strict=True)], "time_s,ir")
    )
    clean = 100_000 + 2000 * np.sin(2 * np.pi * 1.3 * np.arange(len(light.ir)) / 100)
    assert np.abs(light.ir - clean)[100:-100].max() < 80


def test_steady_light_stays_steady_to_its_ends_at_any_rate(file):
    for rate_hz in (25, 98.37, 400):
        steady = [f"{n / rate_hz:.6f},100000" for n in range(round(5 * rate_hz))]
        assert set(recording_file.read(file(steady, "time_s,ir")).ir) == {100_000}


def test_a_rate_outside_what_sensors_do_is_refused(file):
    times, samples = at_rate(100)
    refused(file(rows(times * 6, samples)), "16.67 samples a second", "25 to 1600")
    refused(file(rows(times * 1000, samples, "{t:.0f},{ir},{red}")), "0.1 samples a second", "time_ms")
    refused(
        file(rows(np.arange(3000), form="{t},{ir},{red}"), "time,ir,red"), "rows or milliseconds", "--rate"
    )
    refused(file(rows(form="{ir},{red}"), "ir,red"), "no column time_s", "--rate")
    refused(file(rows()), "100 samples a second", "--rate says 50", rate_hz=50)
    for rate_hz in (24, 1601, 0, -1, float("nan")):
        refused(file(rows()), "25 to 1600", rate_hz=rate_hz)


@pytest.mark.parametrize(
    "population_rate", [("adult", 55), ("adult", 130), ("newborn", 120), ("newborn", 200)]
)
@pytest.mark.parametrize("seed", range(3))
def test_lost_and_repeated_rows_never_give_a_wrong_rate(file, population_rate, seed):
    population, rate_bpm = population_rate
    samples = pulse(rate_bpm, SECONDS, seed=seed).samples
    random = np.random.default_rng(seed)
    every = np.arange(len(samples))
    one_lost = every[every % 4 != 3]
    some_lost = every[random.random(len(every)) > 0.4]
    repeated = np.repeat(every, 1 + random.poisson(0.4, len(every)))
    both = np.repeat(some_lost, 1 + random.poisson(0.3, len(some_lost)))
    for kept in (one_lost, some_lost, repeated, both):
        # A third of the rows drawn through may cost one beat of a slow heart's eight seconds a quarter of its length.
        readings = check_rate(file(rows(AT[kept], samples[kept])), rate_bpm, population, within=0.04)
        assert readings.notes


def test_what_was_left_out_and_drawn_through_is_counted(file):
    kept = np.repeat(np.arange(3000), [2 if place % 100 == 7 else 1 for place in range(3000)])
    assert (
        "30 rows that repeat the one before were left out"
        in recording_file.read(file(rows(AT[kept], MADE[kept]))).notes
    )
    kept = [place for place in range(3000) if place % 4]
    note = recording_file.read(file(rows(AT[kept], MADE[kept]))).notes[0]
    assert "2250 where 2999 would be even" in note


def test_a_file_of_which_too_much_is_missing_is_refused(file):
    kept = np.flatnonzero(np.random.default_rng(1).random(3000) > 0.75)
    refused(file(rows(AT[kept], MADE[kept])), "holes longer than 0.1 s")
    kept = np.arange(0, 3000, 4)
    kept = np.sort(np.concatenate([kept[::2], kept[::2] + 1]))  # two of eight: 25 a second, in pairs
    readings = vitals_run.read(file(rows(AT[kept], MADE[kept])), "adult")
    assert readings.rows[-1]["pulse_rate_bpm"] == pytest.approx(72, abs=1.5)


def test_a_long_hole_stays_a_hole_and_nothing_is_made_up_for_it(file):
    kept = np.r_[0:1000, 1300:3000]
    light = recording_file.read(file(rows(AT[kept], MADE[kept])))
    assert list(np.flatnonzero(light.lost)) == list(range(1000, 1300))
    assert len(light.ir) == 3000
    _, pairs = vitals_run.load(file(rows(AT[kept], MADE[kept])))
    assert len(pairs) == 2701
    assert list(pairs[1000]) == [0xFFFFFFFF, 300]
    assert list(pairs[1001]) == list(MADE[1300])


def test_rows_in_bunches_are_spread(file):
    bunch = np.floor(AT * 12.5) / 12.5 + 0.02
    check_rate(file(rows(bunch, form="{t:.3f},{ir},{red}")))


@pytest.mark.parametrize(
    ("lines", "header", "words"),
    [
        (rows(form="{ir},{red},{t:.2f}"), None, ["nothing tells infrared from red", "--columns"]),
        (rows(form="{t:.2f},{ir},{red}"), None, ["line 1 has 3 numbers", "--columns"]),
        (rows(), "time_s,led1,led2", ["no column ir", "led1, led2"]),
        (rows(), "time_s,ir_a,red", ["no column ir"]),
        (rows(form="{t:.2f},{red}"), "time_s,red", ["no column ir"]),
        (
            rows(form="{t:.2f},{ir},{ir},{red}"),
            "time_s,ir_raw,ir_value,red",
            ["ir_raw and ir_value could both"],
        ),
        (
            [*rows()[:900], "time_s,ir,red", *rows()[:900]],
            "time_s,ir,red",
            ["line 902 names the columns again"],
        ),
        (
            rows()[:1500] + rows()[:1500],
            "time_s,ir,red",
            ["goes from 14.99 to 0 s in line 1502", "must rise"],
        ),
        (rows(np.full(3000, 3.0)), "time_s,ir,red", ["stands still", "--rate"]),
        (rows(samples=MADE.astype(int) - 100_000), "time_s,ir,red", ["a filter took the steady light away"]),
        (rows(samples=MADE * 4), "time_s,ir,red", ["another sensor"]),
        (rows()[:50], "time_s,ir,red", ["holds 50 samples"]),
        (rows()[:1], "time_s,ir,red", ["1 sample"]),
        (["# nothing came"], "# time_s,ir,red", ["only comments"]),
        (rows()[::-1], "time_s,ir,red", ["time_s runs backwards from the first row to the last"]),
        (np.random.default_rng(3).permutation(rows()).tolist(), "time_s,ir,red", ["not in order", "sort"]),
        (rows(form="{t:.2f},{ir:#x},{red:#x}"), "time_s,ir,red", ["line 2 has hexadecimal numbers"]),
        (rows(form="{t:.2f}"), "time_s", ["no column ir in its first line", "time_s"]),
        (rows(form="{ir}"), "time_s", ["no column ir in its first line", "time_s"]),
    ],
)
def test_what_cannot_be_told_is_refused_by_its_true_cause(file, lines, header, words):
    refused(file(lines, header), *words)


@pytest.mark.parametrize("above", [0, 50])
def test_a_quote_without_an_end_is_a_line_that_cannot_be_read(file, above):
    """Python's reader gives up with an error of its own at 131 072 characters."""
    assert len(refused(file([*rows()[:above], '"' + "x" * 200_000]))) < 400


def test_columns_can_be_named_from_outside(file):
    check_rate(file(rows(form="{ir},{red},{t:.2f}"), None), columns="ir,red,time_s")
    check_rate(file(rows(), "a,b,c"), columns="time_s, ir, red")
    refused(file(rows(), "a,b,c"), "names 2 columns, but line 2 has 3", columns="time_s,ir")


def test_one_light_without_a_name_is_read_without_spo2(file):
    check_rate(file(rows(form="{t:.2f},{ir}"), "time_s,ppg"), spo2=False)
    check_rate(file(rows(form="{t:.2f},{ir}"), None), spo2=False)
    check_rate(file(rows(form="{ir}"), None), spo2=False, rate_hz=100)


def test_a_last_line_that_breaks_off_and_comments_between_are_left_out_and_told(file):
    lines = rows()
    readings = check_rate(file([*lines[:2000], "# a lorry went by", *lines[2000:], "30.00,1003"]))
    assert [note for note in readings.notes if "breaks off" in note]
    assert [note for note in readings.notes if "1 comment between" in note]


@pytest.mark.parametrize(
    ("header", "unit_s"), [("Time (min),ir,red", 60), ("time_h,ir,red", 3600), ("Minuten,ir,red", 60)]
)
def test_minutes_and_hours_are_read(file, header, unit_s):
    check_rate(file(rows(AT / unit_s, form="{t:.8f},{ir},{red}"), header))


@pytest.mark.parametrize("word", ["min", "h"])
def test_a_column_that_may_be_the_least_or_the_height_of_something_is_no_time(file, word):
    refused(file(rows(), f"{word},ir,red"), "no column time_s")


def test_red_light_of_zero_is_told(file):
    light = recording_file.read(file(rows(form="{t:.2f},{ir},0")))
    assert light.notes == ("its red light is 0 throughout, so no SpO2 can be read",)


def test_light_too_weak_for_skin_is_told(file):
    notes = recording_file.read(file(rows(samples=MADE // 200))).notes
    assert any("below 12000 the device sees no skin" in note for note in notes)


class TestExchangedLights:
    def warning(self, file, samples, population="adult"):
        readings = vitals_run.read(file(rows(np.arange(len(samples)) / 100, samples)), population)
        return [note for note in readings.notes if "exchanged" in note]

    @pytest.mark.parametrize("ratio", [0.38, 0.5, 0.6, 0.7])
    def test_a_pink_patient_with_exchanged_lights_is_noticed(self, file, ratio):
        made = pulse(72, SECONDS, ratio=ratio).samples
        assert self.warning(file, made[:, ::-1])
        assert not self.warning(file, made)

    def test_it_is_noticed_where_two_rates_are_possible_and_none_is_shown(self, file):
        made = pulse(72, SECONDS).samples
        assert self.warning(file, made[:, ::-1], "newborn")
        assert not self.warning(file, made, "newborn")

    def test_a_desaturation_is_not_taken_for_it(self, file):
        ratio = np.interp(np.arange(6000), [1000, 2000, 4000, 5000], [0.6, 1.7, 1.7, 0.6])
        assert not self.warning(file, pulse(72, 60, ratio=ratio).samples)

    def test_noise_and_one_light_say_nothing(self, file):
        random = np.random.default_rng(1)
        noise = np.rint(random.normal([100_000, 85_000], [30, 60], (3000, 2))).astype(int)
        assert not self.warning(file, noise)
        readings = vitals_run.read(file(rows(form="{t:.2f},{ir}"), "time_s,ir"), "adult")
        assert not readings.notes
