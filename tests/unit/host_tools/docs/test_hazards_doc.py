"""Every hazard has controls and tests, every hazard test its row, every limit of the guard its line."""

import re

from firmware.care import guard
from host_tools.docs import hazards_doc


def test_nothing_is_missing_in_the_hazard_table():
    assert hazards_doc.problems() == []


def test_the_table_has_at_least_the_24_rows_it_began_with():
    assert len(hazards_doc.load()) >= 24


def test_the_document_is_made_from_the_newest_table():
    assert hazards_doc.DOCUMENT.read_text() == hazards_doc.render(), (
        "run python -m host_tools.docs.hazards_doc"
    )


def test_every_limit_of_the_guard_has_its_line_in_the_table():
    named = {control.partition(":")[2] for row in hazards_doc.load() for control in row["where"]}
    words = {"GO", "FREEZE", "FADE", "SILENCE"}
    for name in vars(guard):
        if re.fullmatch(r"[A-Z][A-Z0-9_]+", name) and name not in words | {
            "BASELINE_READINGS",
            "SESSION_GRACE_MS",
        }:
            assert name in named, f"firmware/care/guard.py:{name} is in no row of docs/hazards.toml"


def test_what_is_missing_is_found(monkeypatch):
    rows = hazards_doc.load()
    rows[0] = {
        **rows[0],
        "number": 99,
        "also": [],
        "where": ["firmware/care/guard.py:NO_SUCH_LIMIT"],
        "remains": "",
    }
    rows[1] = {
        **rows[1],
        "also": ["tests/unit/firmware/care/test_guard.py::test_no_such"],
        "scenarios": ["no_such_life"],
    }
    monkeypatch.setattr(hazards_doc, "load", lambda: rows)
    monkeypatch.setattr(
        hazards_doc, "hazard_tests", lambda: {"tests/hazards/test_x.py::test_y": set(), "z": {77}}
    )
    text = "\n".join(hazards_doc.problems())
    for part in (
        "not numbered",
        "NO_SUCH_LIMIT does not exist",
        "test_no_such does not exist",
        "no_such_life does not exist",
        "row 99 has no test",
        "row 99 has no remains",
        "names no row",
        "names row 77, which there is not",
    ):
        assert part in text
