"""A few thousand of the lines of `make fuzz`, the same each time."""

import link_fuzz
import pytest


@pytest.mark.parametrize(
    ("runtime", "plays", "lines"),
    [
        ("micropython", False, 8000),
        ("micropython", True, 1000),
        ("cpython", False, 800),
        ("cpython", True, 200),
    ],
)
def test_every_line_is_answered_and_none_does_anything(runtime, plays, lines):
    pest, _ = link_fuzz.run(lines, 7, runtime, plays)
    assert pest.answered >= lines
    asked_in_vain = {"tone", "quiet", "selftest"} | ({"stage", "put"} if plays else set())
    assert not pest.accepted & asked_in_vain
    wanted = {"hello", "status", "now"} | (
        set() if plays else {"put", "data", "stage", "commit", "get", "list"}
    )
    assert pest.accepted >= wanted, "lines that get no further than the checksum prove little"
