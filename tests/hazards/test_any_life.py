"""Whatever happens in whatever order, the laws of simulator/laws.py hold: virtual hours of random patients,
faults, fingers.

The names carry the rows of docs/hazards.toml that the laws of the bench are about.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_bench import Bench

from firmware.care import guard
from firmware.prescription.profile import ADULT, NEWBORN, READY, TABLE, Profile, ProfileError
from simulator.laws import DAILY_MIN

QUICK = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])

pulses = st.one_of(
    st.none(),
    st.floats(120, 165),
    st.floats(40, 110),
    st.sampled_from([0.0, 1.0, 20.0, 75.0, 99.9, 100.0, 180.1, 240.0, 1000.0]),
)
# An input and what it becomes; most of the time nothing happens.
changes = st.one_of(
    st.tuples(st.just("pulse"), pulses),
    st.tuples(st.just("pulse"), st.floats(125, 160)),
    st.tuples(st.just("spo2"), st.one_of(st.none(), st.floats(70, 100))),
    st.tuples(st.just("contact"), st.booleans()),
    st.tuples(st.just("knob_permille"), st.one_of(st.none(), st.integers(-100, 1200))),
    st.tuples(st.just("room_level_cdba"), st.one_of(st.none(), st.integers(3000, 9000))),
    st.tuples(st.just("supply_mv"), st.sampled_from([None, 5000, 5000, 3600, 3400, 0])),
    st.tuples(st.just("usb_host_present"), st.sampled_from([False, False, True])),
    st.tuples(st.just("sensor_fault"), st.sampled_from([None, None, "sensor_reset"])),
    st.tuples(st.just("adc_fault"), st.sampled_from([None, None, "adc_absent"])),
    st.tuples(st.just("flash_fault"), st.sampled_from([None, None, "flash_fault"])),
    st.tuples(st.just("lateness_ms"), st.sampled_from([0, 0, 0, 140, 200, 900])),
    st.tuples(st.just("heap_free_bytes"), st.sampled_from([None, 60_000, 60_000, 100])),
    st.tuples(st.just("compound"), st.sampled_from([None, True, False])),
    st.tuples(st.just("phrase_ends"), st.booleans()),
)
moments = st.lists(
    st.tuples(st.sampled_from([None, None, None, "press", "press", "hold"]), changes, st.integers(1, 400)),
    min_size=1,
    max_size=25,
)
curves = st.lists(
    st.tuples(st.integers(1, 8), st.integers(0, 10), st.integers(-20, 0), *[st.integers(0, 100)] * 3),
    min_size=0,
    max_size=6,
)


def drawn_curve(steps):
    """A curve from steps of minutes and of slowing, so that it is sorted and never rises."""
    rows = [[0, 100, 0, 50, 50, 50]]
    for minutes, slower, level, minor, brightness, density in steps:
        at = min(45, rows[-1][0] + minutes)
        if at == rows[-1][0]:
            break
        rows.append([at, max(50, rows[-1][1] - slower), level, minor, brightness, density])
    return rows


def live(bench, life):
    for gesture, (name, value), seconds in life:
        if name == "pulse":
            bench.pulse_bpm = value
        elif name == "spo2":
            bench.spo2_percent = value
        elif name == "phrase_ends":
            bench.sound.phrase_ends = value
        else:
            setattr(bench.inputs, name, value)
        bench.step(gesture)
        bench.run(seconds)


@QUICK
@given(
    population=st.sampled_from([NEWBORN, ADULT]),
    follow=st.sampled_from(["wait", "lead_anyway"]),
    opening=st.sampled_from(["soundscape", "silence", "music"]),
    mode=st.sampled_from(["follow_pulse", "follow_pulse", "open_loop"]),
    steps=curves,
    life=moments,
)
def test_h01_h02_h05_h22_h30_h31_no_life_breaks_a_law(population, follow, opening, mode, steps, life):
    bench = Bench(population, follow=follow, opening=opening, mode=mode, curve=drawn_curve(steps))
    if population == ADULT:
        bench.pulse_bpm = 72.0
    bench.start(65)
    live(bench, life)


@QUICK
@given(
    programme=st.sampled_from(["steady", "descend", "descend_and_rise", "stay_low"]),
    slowing=st.integers(0, 15),
    rate=st.integers(1, 20),
    life=moments,
)
def test_h05_h09_open_loop_programmes_keep_the_laws_too(programme, slowing, rate, life):
    bench = Bench(
        ADULT, mode="open_loop", programme=programme, slowing_percent=slowing,
        lead_rate_percent_per_min=max(0.5, rate / 10), session_min=45, daily_min=90,
    ) if slowing <= 8 or rate >= 10 else Bench(ADULT, mode="open_loop")  # fmt: skip
    bench.pulse_bpm = 72.0
    bench.start(30)
    live(bench, life)


@settings(QUICK, max_examples=15)
@given(
    population=st.sampled_from([NEWBORN, ADULT]),
    presses=st.lists(st.tuples(st.integers(1, 3000), st.booleans()), min_size=5, max_size=30),
)
def test_h11_no_pattern_of_presses_gives_more_than_the_days_dose(population, presses):
    bench = Bench(population)
    for seconds, hold in presses:
        if bench.now_ms > 80_000_000:
            break
        bench.press()
        if hold:
            bench.run(min(seconds, 600))
            bench.hold()
        else:
            bench.run(seconds)
    # Within these 24 hours; a minute that was begun counts as one.
    if bench.now_ms < 86_400_000:
        assert bench.total_ms <= DAILY_MIN[population] * 60_000 + 60_000
        assert bench.total_ms <= bench.dose.minutes_today * 60_000 + 60_000


numbers = st.one_of(st.integers(-50, 200), st.floats(), st.lists(st.floats(-100, 200), max_size=8))
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(),
    st.text(max_size=30),
    st.lists(numbers, max_size=20),
)
tampered = st.dictionaries(
    st.sampled_from([setting.name for setting in TABLE] + ["", "x", "level"]), anything, max_size=8
)


def near(setting, population):
    """A value of the right kind around the allowed range."""
    if setting.kind == "number":
        low, high = setting.allowed(population)
        return st.integers(int(low / setting.step) - 2, int(high / setting.step) + 2).map(
            lambda steps: steps * setting.step
        )
    if setting.kind == "choice":
        return st.sampled_from([*setting.newborn, *setting.adult])
    return st.just(READY[population][setting.name])


@st.composite
def plausible(draw):
    population = draw(st.sampled_from([NEWBORN, ADULT]))
    chosen = draw(st.lists(st.sampled_from(TABLE), max_size=8, unique_by=lambda row: row.name))
    values = {setting.name: draw(near(setting, population)) for setting in chosen}
    return {
        "population": population,
        **{name: value for name, value in values.items() if name != "population"},
    }


@settings(max_examples=300)
@given(st.one_of(tampered, plausible()))
def test_h17_no_profile_however_tampered_with_passes_a_limit(values):
    try:
        profile = Profile.from_values(values)
    except ProfileError as refusal:
        assert str(refusal) and "\n" not in str(refusal) and len(str(refusal)) < 250
        return
    newborn = profile.population == NEWBORN
    assert profile.level_cdba <= (guard.NEWBORN_LEVEL_CDBA if newborn else guard.ADULT_LEVEL_CDBA)
    assert profile.session_ms <= (guard.NEWBORN_SESSION_MS if newborn else guard.ADULT_SESSION_MS)
    assert profile.onset_ms >= (guard.NEWBORN_ONSET_MS if newborn else guard.ADULT_ONSET_MS)
    assert profile.lead_rate_permille <= (10 if newborn else 20)
    assert profile.slowing_permille <= (80 if newborn else 150)
    assert profile.daily_min <= (60 if newborn else 90) and profile.gap_min >= (60 if newborn else 30)
    assert profile.pulse_low_stop_mbpm >= (80_000 if newborn else 45_000)
    for place in range(0, len(profile.curve), 6):
        assert profile.curve[place + 1] <= 1000 and profile.curve[place + 2] <= 0
        assert all(0 <= profile.curve[place + column] <= 1000 for column in (3, 4, 5))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(plausible(), moments)
def test_h17_any_profile_that_is_accepted_keeps_the_laws(values, life):
    try:
        Profile.from_values(values)
    except ProfileError:
        return
    bench = Bench(**values)
    bench.start(65)
    live(bench, life)


def test_h01_the_laws_themselves_are_awake(monkeypatch):
    """A bench whose session goes mad must fail; else the properties above say nothing."""
    for name, value in (("level_cdba", 9000), ("save_dose", True), ("light_permille", 900)):
        bench = Bench().start(100)

        def mad(_now_ms, _inputs, outputs, name=name, value=value):
            setattr(outputs, name, value)

        monkeypatch.setattr(bench.session, "step", mad)
        with pytest.raises(AssertionError):
            bench.run(5)
