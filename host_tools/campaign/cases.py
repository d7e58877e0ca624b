"""From the drawn values of a session to its scenario: the same text for both tiers, and for `calando simulate`."""

from typing import Any

import numpy as np

from firmware.prescription.profile import READY, Profile, ProfileError
from firmware.sound.score import is_pattern
from host_tools.campaign import factors, programmes, sampling
from host_tools.campaign.plan import CampaignPlan, Cohort
from host_tools.campaign.sampling import Values

START_S = 5.0  # when somebody presses the button
AFTER_S = 25.0  # what is played beyond the longest session
SEVERAL_GAP_MIN = 120  # with a longer pause between two sessions the second is tried too soon
DAY_S = 86_000.0
CLICK_S = 2.5  # the least time between two fingers on the button

Event = dict[str, Any]


def scenario_of(plan: CampaignPlan, cohort: Cohort, number: int) -> dict[str, Any]:
    """Return the scenario of session `number`, as the values of its file; its [expect] asks that every limit be kept."""
    drawn = sampling.draw(plan, cohort, number)
    seed = sampling.seed(plan.digest, cohort.name, number)
    random = np.random.Generator(np.random.PCG64(seed))
    programme = programmes.drawn(random) if drawn["listening_programme"] == "drawn" else None
    profile = _profile(drawn, random, 0 if programme is None else programmes.lasts_min(programme))
    recording = str(drawn["recording"])
    session_s = profile["session_min"] * 60.0
    listening = profile.get("listening_programme") == "drawn"
    duration_s = START_S + session_s + AFTER_S
    events = _presses(drawn, random, session_s)
    more, duration_s = _later(drawn, profile, session_s, duration_s)
    events += more
    events += _patient(drawn, session_s, recording == "none")
    events += _signal(drawn, random, session_s, duration_s)
    events += _faults(drawn, random, session_s, duration_s)
    events += _room(drawn, random, session_s)
    events = [event for event in events if event["at_s"] < duration_s - 1]
    return {
        "title": f"{cohort.name} {number}",
        "seed": seed,
        "duration_s": round(duration_s, 1),
        "profile": profile,
        **({"programme": programme} if listening else {}),
        "patient": _lies_there(drawn, recording, random),
        "event": sorted(events, key=lambda event: (event["at_s"], event["do"])),
        "expect": {"limits_kept": True},
    }


def _number(drawn: Values, name: str) -> float:
    value = drawn[name]
    if isinstance(value, str):
        raise TypeError(f"{name} is a word")
    return value


def _at(share: float, session_s: float) -> float:
    return round(START_S + share * session_s, 1)


# --- the profile ---


def _profile(drawn: Values, random: np.random.Generator, least_min: int) -> dict[str, Any]:
    """Settings that go together, as near to those drawn as that allows, for a session of `least_min` or longer; what is as
    ready-made is left out but for those that the rest depends on."""
    population = str(drawn["population"])
    values: dict[str, Any] = {"population": population, "listening_programme": drawn["listening_programme"]}
    for name, factor in factors.TABLE.items():
        if factor.setting:
            value = drawn[name]
            values[name] = value == "yes" if factor.words == ("no", "yes") else value
    if drawn["curve_shape"] == "drawn":
        values["curve"] = _curve(random)
    values["session_min"] = max(least_min, values["session_min"])
    _reconcile(values)
    values = _accepted(values)
    ready = READY[population]
    kept = ("population", "session_min", "maturity")
    return {name: _plain(value) for name, value in values.items() if name in kept or value != ready[name]}


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _reconcile(values: dict[str, Any]) -> None:
    """Do what the profile's table asks of settings together (docs/settings.md)."""
    values["early_unlock"] = values["maturity"] == "very_preterm"
    if values["maturity"] in ("preterm", "very_preterm"):
        values["pulse_low_stop_bpm"] = max(100, values["pulse_low_stop_bpm"])
    if values["programme"] == "stay_low":
        values["mode"] = "open_loop"
    if values["listening_programme"] != "none" and values["mode"] == "follow_breath":
        values["mode"] = "follow_pulse"
    if values["population"] == "newborn":  # nobody leads a newborn's breath
        values.update({name: value for name, value in READY["newborn"].items() if name.startswith("breath_")})
    elif values["mode"] == "follow_breath" and values["soundscape"] == "none":
        values["soundscape"] = "ocean"
    led = values["mode"] == "follow_breath" or values["listening_programme"] != "none"
    if led or is_pattern(str(values["song"])):
        values["melody"] = "play"
    if values["melody"] == "play":
        values["light_swell"] = False
    if values["opening"] == "soundscape" and values["soundscape"] == "none":
        values["opening"] = "silence"
    values["baseline_max_s"] = max(values["baseline_max_s"], values["baseline_s"])
    values["daily_min"] = max(values["daily_min"], values["session_min"])
    shortest_fade_s = 30 if values["listening_programme"] != "none" else 10
    values["fade_s"] = max(values["fade_s"], shortest_fade_s)
    if values["baseline_s"] + 60 * values["match_min"] + values["fade_s"] >= 60 * values["session_min"]:
        values.update(baseline_s=60, match_min=2, fade_s=shortest_fade_s)
    if values["mode"] == "follow_breath":
        led_s = values["baseline_s"] + 60 * values["breath_length_min"] + values["fade_s"]
        if led_s > 60 * values["session_min"]:
            values.update(baseline_s=60, fade_s=30, breath_length_min=5)
            values["session_min"] = max(7, values["session_min"])
            values["daily_min"] = max(values["daily_min"], values["session_min"])
    if values["programme"] == "descend_and_rise" and not _is_a_profile(values):
        values["programme"] = "descend"  # there is no time to rise again


def _is_a_profile(values: dict[str, Any]) -> bool:
    try:
        Profile.from_values(values)
    except ProfileError:
        return False
    return True


def _accepted(values: dict[str, Any]) -> dict[str, Any]:
    """The values, with as many taken back to the ready-made ones as it takes to be a profile: the last named first."""
    values = dict(values)
    for name in reversed([*values]):
        if _is_a_profile(values):
            return values
        if name != "population":
            values[name] = READY[values["population"]][name]
    Profile.from_values(values)
    return values


def _curve(random: np.random.Generator) -> list[list[float]]:
    """Up to eight rows whose tempo never rises: minute, tempo, level, minor, brightness, density."""
    rows: list[list[float]] = [[0, 100, int(random.integers(-6, 1)), *_mood(random)]]
    for _ in range(int(random.integers(0, 8))):
        minute = rows[-1][0] + int(random.integers(1, 8))
        if minute > 45:
            break
        tempo = max(50, rows[-1][1] - int(random.integers(0, 11)))
        rows.append([minute, tempo, int(random.integers(-20, 1)), *_mood(random)])
    return rows


def _mood(random: np.random.Generator) -> list[int]:
    return [int(random.integers(0, 101)) for _ in range(3)]


# --- the patient ---


def _lies_there(drawn: Values, recording: str, random: np.random.Generator) -> dict[str, Any]:
    population = str(drawn["population"])
    if drawn["bed"] == "other":
        # A device moved from one ward to another, with the profile of the first.
        population = "adult" if population == "newborn" else "newborn"
        low, high = factors.TABLE["pulse_rate_bpm"].allowed(population)
        drawn = {**drawn, "pulse_rate_bpm": float(random.uniform(float(low), float(high)))}
    if recording != "none":
        return {"population": population, "recording": recording}
    patient: dict[str, Any] = {
        "population": population,
        "pulse_rate_bpm": round(_number(drawn, "pulse_rate_bpm"), 1),
        "spo2_percent": round(_number(drawn, "spo2_percent"), 1),
        "perfusion_index_percent": round(_number(drawn, "perfusion_index_percent"), 2),
        "breathing_rate_bpm": round(_number(drawn, "breathing_rate_bpm"), 1),
    }
    if drawn["rhythm"] == "irregular":
        patient["irregular_pulse"] = round(_number(drawn, "irregular_pulse"), 3)
    following = drawn["following"]
    if following != "not":
        patient["follows_music"] = round(_number(drawn, "follows_music"), 2)
        if following == "late":
            patient["follows_after_s"] = 240.0
        if following == "backward":
            patient["follows_backwards"] = True
    return patient


def _patient(drawn: Values, session_s: float, model: bool) -> list[Event]:
    """Pulse, oxygen and perfusion change; a recording has these in itself."""
    if not model:
        return []
    events: list[Event] = []
    course = drawn["course"]
    rate = _number(drawn, "pulse_rate_bpm")
    share = _number(drawn, "course_by_percent") / 100
    at_s = _at(_number(drawn, "course_at"), session_s)
    over_s = round(_number(drawn, "course_over_s"), 1)
    for_s = round(_number(drawn, "course_for_s"), 1)

    def to(factor: float) -> float:
        return round(min(max(rate * factor, 25.0), 290.0), 1)

    if course in ("drift_down", "drift_up"):
        factor = 1 - share / 2 if course == "drift_down" else 1 + share / 2
        events.append(
            {"at_s": START_S, "do": "pulse_rate", "to": to(factor), "over_s": round(session_s * 0.8, 1)}
        )
    elif course in ("fall", "rise"):
        factor = 1 - share if course == "fall" else 1 + share
        events.append({"at_s": at_s, "do": "pulse_rate", "to": to(factor), "over_s": over_s})
    elif course in ("dip", "swing"):
        events.append(
            {
                "at_s": at_s,
                "do": "pulse_rate",
                "to": to(1 - share),
                "over_s": min(over_s, 20.0),
                "for_s": for_s,
            }
        )
        if course == "swing":
            later_s = round(at_s + 2 * min(over_s, 20.0) + for_s + 10, 1)
            events.append(
                {"at_s": later_s, "do": "pulse_rate", "to": to(1 + share), "over_s": 10.0, "for_s": for_s}
            )
    if drawn["desaturation"] == "yes":
        events.append({
            "at_s": _at(_number(drawn, "desaturation_at"), session_s), "do": "spo2",
            "to": round(_number(drawn, "desaturation_to_percent"), 1), "over_s": 8.0,
            "for_s": round(_number(drawn, "desaturation_for_s"), 1),
        })  # fmt: skip
    if drawn["perfusion_drop"] == "yes":
        events.append({
            "at_s": _at(_number(drawn, "perfusion_drop_at"), session_s), "do": "perfusion",
            "to": round(max(0.01, _number(drawn, "perfusion_index_percent") / 8), 3), "over_s": 30.0, "for_s": 120.0,
        })  # fmt: skip
    return events


def _signal(drawn: Values, random: np.random.Generator, session_s: float, duration_s: float) -> list[Event]:
    """Movement, contact, room light."""
    events: list[Event] = []
    motion = drawn["motion"]
    if motion != "no":
        starts = [_number(drawn, "motion_at")]
        if motion == "often":
            starts += [float(random.uniform(0, 0.95)) for _ in range(2)]
        events += [
            {"at_s": _at(start, session_s), "do": "motion", "to": round(_number(drawn, "motion_percent"), 2),
             "for_s": round(_number(drawn, "motion_for_s"), 1)}
            for start in starts
        ]  # fmt: skip
    contact = drawn["contact_loss"]
    if contact == "never_on":
        events.append({"at_s": 0.0, "do": "sensor_off"})
    elif contact != "no":
        off: Event = {"at_s": _at(_number(drawn, "contact_loss_at"), session_s), "do": "sensor_off"}
        if contact == "slips":
            off["for_s"] = round(_number(drawn, "contact_loss_for_s"), 1)
        events.append(off)
    if drawn["ambient"] == "bright":
        events.append({
            "at_s": _at(_number(drawn, "ambient_at"), session_s), "do": "ambient_light",
            "to": round(_number(drawn, "ambient_light_ua"), 1), "over_s": 2.0, "for_s": 120.0,
        })  # fmt: skip
    return events


# --- the device and the room ---


def _faults(drawn: Values, random: np.random.Generator, session_s: float, duration_s: float) -> list[Event]:
    at_s = _at(_number(drawn, "fault_at"), session_s)
    for_s = round(_number(drawn, "fault_for_s"), 1)
    events = _fault(str(drawn["fault"]), at_s, for_s, random)
    if drawn["second_fault"] == "yes":
        kinds = factors.FAULTS[1:]
        again_s = round(at_s + _number(drawn, "second_fault_after_s"), 1)
        events += _fault(kinds[int(random.integers(len(kinds)))], again_s, for_s, random)
    return events


def _fault(kind: str, at_s: float, for_s: float, random: np.random.Generator) -> list[Event]:
    chip, _, how = kind.partition("_")
    if kind == "none":
        return []
    if kind == "sensor_clock":
        percent = round(float(random.uniform(8, 40)) * (1 if random.random() < 0.5 else -1), 1)
        return [{"at_s": at_s, "do": "sensor_clock", "to": percent, "for_s": for_s}]
    if chip == "sensor":
        return [{"at_s": at_s, "do": "i2c_fault", "chip": "max30102", "kind": how, "for_s": for_s}]
    if chip == "adc":
        return [{"at_s": at_s, "do": "adc_fault", "kind": how, "for_s": for_s}]
    if kind == "flash_worn":
        return [{"at_s": at_s, "do": "flash_worn"}]
    if kind == "power_cut":
        return [{"at_s": at_s, "do": "power_cut", "for_s": for_s}]
    if kind == "brown_out":
        return [{"at_s": at_s, "do": "supply", "to": 1.5, "over_s": 1.0, "for_s": for_s}]
    if kind == "supply_low":
        return [
            {"at_s": at_s, "do": "supply", "to": round(float(random.uniform(2.5, 3.6)), 2), "over_s": 20.0}
        ]
    if kind == "usb_host":
        return [{"at_s": at_s, "do": "usb_host", "for_s": for_s}]
    # A computer that is there and talks nonsense.
    text = "".join(chr(int(random.integers(32, 127))) for _ in range(60)) + "\n"
    return [
        {"at_s": at_s, "do": "usb_host", "for_s": for_s},
        {"at_s": round(at_s + 0.3, 1), "do": "usb_bytes", "text": text},
    ]


def _room(drawn: Values, random: np.random.Generator, session_s: float) -> list[Event]:
    events: list[Event] = []
    knob, percent = drawn["knob"], round(_number(drawn, "knob_percent"), 1)
    at_s = _at(_number(drawn, "knob_at"), session_s)
    if knob == "set":
        events.append({"at_s": 0.5, "do": "knob", "to": percent})
    elif knob == "thrown_up":
        events += [{"at_s": 0.5, "do": "knob", "to": 0.0}, {"at_s": at_s, "do": "knob", "to": 100.0}]
    elif knob == "turned":
        events.append(
            {"at_s": at_s, "do": "knob", "to": percent, "over_s": round(float(random.uniform(0.2, 20)), 1)}
        )
    room = drawn["room"]
    if room == "ward":
        events.append(
            {"at_s": 0.5, "do": "room_sound", "to": min(round(_number(drawn, "room_dba"), 1), 62.0)}
        )
    elif room == "loud_once":
        events.append({
            "at_s": _at(_number(drawn, "room_at"), session_s), "do": "room_sound",
            "to": round(_number(drawn, "room_dba"), 1), "for_s": round(_number(drawn, "room_for_s"), 1),
        })  # fmt: skip
    return events


def _presses(drawn: Values, random: np.random.Generator, session_s: float) -> list[Event]:
    """Fingers on the button, at right and at wrong times."""
    kind = drawn["presses"]
    at_s = max(_at(_number(drawn, "press_at"), session_s), START_S + CLICK_S)
    start: Event = {"at_s": START_S, "do": "press"}
    if kind == "start_and_press":
        return [start, {"at_s": at_s, "do": "press"}]
    if kind == "start_and_hold":
        return [start, {"at_s": at_s, "do": "hold"}]
    if kind == "twice":
        return [start, {"at_s": START_S + CLICK_S, "do": "press"}, {"at_s": START_S + 16.0, "do": "press"}]
    if kind == "stuck":
        return [start, {"at_s": at_s, "do": "press", "for_s": 26.0}]
    if kind == "hold_first":
        return [{"at_s": START_S, "do": "hold"}, {"at_s": START_S + 5.0, "do": "press"}]
    if kind == "late":
        return [{"at_s": min(at_s, START_S + 60.0), "do": "press"}]
    if kind == "many":
        times = sorted(float(random.uniform(0.01, 1.0)) for _ in range(int(random.integers(2, 6))))
        events, last_s = [start], START_S
        for share in times:
            last_s = max(_at(share, session_s), round(last_s + CLICK_S, 1))
            events.append({"at_s": last_s, "do": "hold" if random.random() < 0.3 else "press"})
        return events
    return [start]


def _later(
    drawn: Values, profile: dict[str, Any], session_s: float, duration_s: float
) -> tuple[list[Event], float]:
    """Further sessions after the first, and how long the whole life is then."""
    life = drawn["life"]
    gap_min = profile.get("gap_min", READY[profile["population"]]["gap_min"])
    if life == "several" and gap_min > SEVERAL_GAP_MIN:
        life = "again_too_soon"
    if life == "again_too_soon":
        again_s = round(duration_s + 60.0, 1)
        return [{"at_s": again_s, "do": "press"}], again_s + 120.0
    if life == "several":
        again_s = round(duration_s + gap_min * 60.0 + 70.0, 1)
        return [{"at_s": again_s, "do": "press"}], again_s + session_s + AFTER_S
    if life == "day":
        # Somebody who presses every half hour of a day, whatever the device says.
        times = np.arange(duration_s + 600.0, DAY_S, 1800.0)
        return [{"at_s": round(float(time), 1), "do": "press"} for time in times], DAY_S + 300.0
    return [], duration_s
