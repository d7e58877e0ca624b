"""`[expect] limits_kept`: a scenario that a campaign found fails in `calando simulate`, and says why."""

from host_tools.play import results
from simulator import play, scenario

PRESSED = {
    "title": "t",
    "duration_s": 40.0,
    "event": [{"at_s": 5.0, "do": "press"}, {"at_s": 20.0, "do": "press"}],
}


def asked(**expect):
    return scenario.from_values({**PRESSED, "expect": expect})


def test_a_broken_limit_is_a_difference_and_a_kept_one_is_none():
    made = asked(limits_kept=True)
    summary = {
        "max_level_dba": None,
        "limits_broken": {"press": "sound 12.0 s after a press at 20.0 s (margin -0.7 s)"},
    }
    told = results.check(made, summary)
    assert told is not None and not told["held"]
    assert told["differences"] == [
        "it should keep every limit, and there was sound 12.0 s after a press at 20.0 s (margin -0.7 s)"
    ]
    assert results.check(made, {"max_level_dba": None, "limits_broken": {}}) == {
        "held": True,
        "differences": [],
    }
    assert results.check(asked(), {"max_level_dba": None}) is None


def test_a_session_of_the_whole_device_is_measured_for_it():
    result = play.run(asked(limits_kept=True))
    assert results._limits_broken(result) == {}
    result.summary["underruns"] = 2
    assert list(results._limits_broken(result)) == ["pops"]
