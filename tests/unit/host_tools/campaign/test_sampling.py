"""A session is a function of the plan and its number: no clock, no order, no state; and no corner stays empty."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from firmware.prescription import programme
from firmware.prescription.profile import Profile
from host_tools.campaign import cases, factors, plan, programmes, sampling, session
from host_tools.judge import limits
from simulator import scenario
from simulator.files import programme_file

BEDSIDE = plan.load("bedside")
ROOMS = [session.ROOT / "host_tools" / room for room in ("campaign", "judge")]


def cohort(name):
    return next(one for one in BEDSIDE.cohort if one.name == name)


def test_the_seed_is_the_sha256_of_the_plans_digest_and_the_number():
    text = f"{BEDSIDE.digest}/worst_case/17".encode()
    assert (
        sampling.seed(BEDSIDE.digest, "worst_case", 17) == int(hashlib.sha256(text).hexdigest()[:8], 16) >> 1
    )


def test_a_session_is_the_same_in_whatever_order_it_is_asked_for():
    worst = cohort("worst_case")
    forward = [cases.scenario_of(BEDSIDE, worst, number) for number in (3, 300, 1000)]
    sampling._block.cache_clear()
    backward = [cases.scenario_of(BEDSIDE, worst, number) for number in (1000, 300, 3)]
    assert forward == backward[::-1]
    assert sampling.points(BEDSIDE.digest, "worst_case", 290, 20)[10].tolist() == (
        sampling.points(BEDSIDE.digest, "worst_case", 0, 301)[300].tolist()
    )


def test_another_process_with_another_hash_seed_plays_the_same_session():
    code = (
        "from host_tools.campaign import plan, session, chunks; from host_tools.judge import limits; "
        "bedside = plan.load('bedside'); "
        "print(chunks.line_of(session.play_one(bedside, bedside.cohort[1], 'S', 5, limits.read())))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin"}, check=True,
            capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(told) == 1
    from host_tools.campaign import chunks

    here = chunks.line_of(session.play_one(BEDSIDE, BEDSIDE.cohort[1], "S", 5, limits.read()))
    assert told == {here + "\n"}


def test_no_source_of_chance_but_the_seed_is_named():
    """Clocks are the driver's, to say how long it took; they reach no record."""
    chance = re.compile(
        r"\b(import random|random\.random\(|np\.random\.(?!default_rng\(scramble\)|Generator|PCG64)|uuid|urandom|secrets|"
        r"time\.time|datetime|perf_counter|hash\()"
    )
    for room in ROOMS:
        for path in sorted(room.glob("*.py")):
            for number, line in enumerate(path.read_text().split("\n"), 1):
                if (
                    "random: np.random.Generator" in line
                    or "1 if random.random()" in line
                    or '"hold" if random' in line
                ):
                    continue  # a generator made of the session's seed
                assert not chance.search(line), f"{path.name}:{number}: {line.strip()}"
            if path.name != "runner.py":
                assert "time.monotonic" not in path.read_text()
    assert Path(sampling.__file__).read_text().count("default_rng(") == 1


def test_every_drawn_session_is_a_scenario_with_a_valid_profile():
    for one in BEDSIDE.cohort:
        for number in range(60):
            values = cases.scenario_of(BEDSIDE, one, number)
            made = scenario.from_values(values)
            Profile.from_values(made.profile_values())
            made.own_files()  # its programme too, which lasts no longer than its session
            assert len(made.event) >= 1 and made.expect.limits_kept
            assert made.patient.recording is None or one.name == "replay"


def test_settings_that_were_drawn_are_fitted_to_each_other_and_not_thrown_away(monkeypatch):
    """What is no profile goes back to the ready-made one setting by setting: a mistake here narrows every campaign."""
    fitted, accepted = [], cases._accepted
    monkeypatch.setattr(cases, "_accepted", lambda values: fitted.append(dict(values)) or accepted(values))
    for one in BEDSIDE.cohort:
        for number in range(200):
            cases.scenario_of(BEDSIDE, one, number)
    for values in fitted:
        Profile.from_values(values)
    assert len(fitted) == 600
    listening = [values for values in fitted if values["listening_programme"] != "none"]
    assert len(listening) > 40 and {values["population"] for values in listening} == {"adult"}


def test_listening_programmes_of_every_shape_and_source_are_drawn():
    drawn = [programmes.drawn(np.random.Generator(np.random.PCG64(seed))) for seed in range(200)]
    assert {one["shape"] for one in drawn} == {"U", "L", "J", "flat"}
    sources = [segment["source"] for one in drawn for segment in one["segment"]]
    assert set(sources) == {"song", "pattern", "soundscape", "silence"}
    assert {one["segment"][0]["source"] for one in drawn} == set(sources)  # silence may come first
    for one in drawn:
        programme.read(programme_file.check(one, "drawn"))


def test_the_worst_case_reaches_every_word_and_the_ends_of_every_range():
    drawn = [sampling.draw(BEDSIDE, cohort("worst_case"), number) for number in range(1024)]
    given = cohort("worst_case").factors
    for name, factor in factors.TABLE.items():
        if name in given or name == "recording":
            continue
        values = [one[name] for one in drawn]
        if factor.words:
            assert set(values) == set(factor.words), name
        else:
            for population in ("newborn", "adult"):
                low, high = factor.allowed(population)
                own = [one[name] for one in drawn if one["population"] == population]
                assert min(own) <= low + 0.1 * (high - low) and max(own) >= high - 0.1 * (high - low), name
                assert low <= min(own) and max(own) <= high


def test_all_pairs_of_factors_are_covered_and_a_handful_of_sessions_is_not_called_so():
    many = sampling.coverage(BEDSIDE.digest, "worst_case", range(2048))
    few = sampling.coverage(BEDSIDE.digest, "worst_case", range(5))
    assert many["least"] == 1.0 and few["mean"] < 0.4
    assert many["pairs"] == len(factors.TABLE) * (len(factors.TABLE) - 1) // 2


def test_a_normal_factor_keeps_its_ends_and_its_middle():
    rates = [sampling.draw(BEDSIDE, cohort("representative"), number) for number in range(512)]
    newborn = np.array([one["pulse_rate_bpm"] for one in rates if one["population"] == "newborn"])
    assert abs(newborn.mean() - 145) < 2 and newborn.min() >= 100 and newborn.max() <= 190
