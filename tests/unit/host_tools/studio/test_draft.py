"""A draft is on the disk step by step, and comes back as it was whatever happened."""

import json

import pytest

from firmware.prescription.profile import READY
from host_tools.studio import draft as drafts
from host_tools.studio import texts
from host_tools.studio.draft import Base, Draft


@pytest.fixture
def path(tmp_path):
    return tmp_path / "draft.json"


def test_each_change_is_on_the_disk_at_once_and_comes_back_with_fifty_steps_of_undo(path):
    draft = Draft.kept(path)
    for level in range(60):
        draft.change("title" if level % 2 else "song", f"s{level}")
        assert Draft.kept(path).values == draft.values
    again = Draft.kept(path)
    for _ in range(50):
        again.undo()
    assert again.values["title"] == "s9" and again.values["song"] == "s8"
    assert Draft.kept(path).can_redo
    for _ in range(50):
        again.redo()
    assert again.values == draft.values


def test_a_value_that_no_device_takes_is_kept_as_it_was_typed(path):
    Draft.kept(path).change("level_dba", "4x")
    assert Draft.kept(path).values["level_dba"] == "4x"


def test_keys_that_follow_each_other_are_one_step(path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(drafts.time, "monotonic", lambda: now[0])
    draft = Draft.kept(path)
    for typed in ("4", "44", "44.5"):
        now[0] += 0.3
        draft.change("level_dba", typed)
    draft.undo()
    assert draft.values["level_dba"] == 48
    draft.redo()
    now[0] += 5
    draft.change("level_dba", 40)
    draft.undo()
    assert draft.values["level_dba"] == "44.5"


def test_a_change_after_an_undo_takes_the_place_of_what_was_undone(path):
    draft = Draft.kept(path)
    draft.change("level_dba", 40)
    draft.undo()
    draft.change("title", "Night")
    assert not draft.can_redo and draft.values["level_dba"] == 48


def test_another_population_brings_its_own_values_and_keeps_the_title(path):
    draft = Draft.kept(path)
    draft.change("title", "Night")
    draft.change("population", "adult")
    assert draft.values == {**READY["adult"], "title": "Night"}
    draft.undo()
    assert draft.values["population"] == "newborn"


def test_an_untouched_draft_has_its_title_in_the_language_that_is_read(path):
    draft = Draft.kept(path)
    draft.stands_on(Base("a1", "C0", None))  # it is on the disk, in English
    try:
        for language, title in (("de", "Neugeborenes"), ("en", "Newborn"), ("de", "Neugeborenes")):
            texts.use(language)
            draft.speak()
            assert not draft.touched and draft.values == {**READY["newborn"], "title": title}
            draft = Draft.kept(path)
            assert not draft.touched
            draft.speak()
        draft.change("population", "adult")
        assert draft.values["title"] == "Erwachsener"
        draft.undo()
        draft.change("title", "Nacht")
        texts.use("en")
        draft.speak()
        assert draft.touched and draft.values["title"] == "Nacht"
    finally:
        texts.use("en")


def test_a_damaged_file_is_put_aside_and_not_lost(path):
    path.write_text('{"format": "calando draft", "steps": [')
    draft = Draft.kept(path)
    assert draft.values == READY["newborn"]
    assert path.with_name("draft.json.damaged").read_text().startswith("{")


def test_it_remembers_the_device_that_it_was_begun_for(path):
    draft = Draft.kept(path)
    draft.stands_on(Base("a1", "C0", {"title": "x"}))
    assert Draft.kept(path).base == Base("a1", "C0", {"title": "x"})
    assert json.loads(path.read_text())["base"]["unit"] == "a1"


def test_what_is_on_the_disk_is_what_is_there_after_many_steps_and_undos(tmp_path):
    draft = Draft.kept(tmp_path / "draft.json")
    for turn in range(120):
        draft.change("level_dba", 30 + turn % 20)
        draft.change("title", f"Nacht „{turn}“")
        if turn % 3 == 0:
            draft.undo()
        if turn % 20 == 9:
            kept = Draft.kept(tmp_path / "draft.json")
            assert (kept.steps, kept.at, kept.base) == (draft.steps, draft.at, draft.base)


def test_a_step_is_turned_into_text_once(tmp_path, monkeypatch):
    draft = Draft.kept(tmp_path / "draft.json")
    for turn in range(20):
        draft.change(("level_dba", "daily_min")[turn % 2], turn)
    made = []
    whole = json.dumps
    monkeypatch.setattr(json, "dumps", lambda value, **given: made.append(value) or whole(value, **given))
    draft.change("title", "Other")
    assert [value for value in made if "level_dba" in value] == [draft.values]
