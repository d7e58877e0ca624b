"""A song that gives way to another is on the shelf with all its steps, and leaves it only where somebody says so."""

from host_tools.studio.draft import Steps
from host_tools.studio.shelf import Shelf

FIRST, SECOND = {"name": "one", "title": "One"}, {"name": "one", "title": "One", "data": "00"}


def corrected(folder):
    steps = Steps(folder / "song.json", [FIRST])
    steps.add(SECOND)
    return steps


def test_a_song_is_kept_with_its_steps_and_taken_up_again(tmp_path):
    shelf, steps = Shelf(tmp_path / "shelf"), corrected(tmp_path)
    shelf.keep(steps)
    steps.steps, steps.at = [{"name": "two"}], 0
    assert [kept.title for kept in Shelf(tmp_path / "shelf").listed()] == ["One"]
    assert shelf.put_into(steps, 1)
    assert steps.values == SECOND and steps.can_undo and shelf.listed() == ()
    kept = Steps(tmp_path / "song.json")
    kept.read()
    assert kept.values == SECOND


def test_the_same_song_is_kept_once_and_no_song_not_at_all(tmp_path):
    shelf, steps = Shelf(tmp_path / "shelf"), corrected(tmp_path)
    shelf.keep(steps)
    shelf.keep(steps)
    steps.undo()
    shelf.keep(steps)
    shelf.keep(Steps(tmp_path / "none.json", [{}]))
    assert [kept.place for kept in shelf.listed()] == [2, 1]


def test_a_place_is_never_taken_by_two_and_what_cannot_be_read_stays(tmp_path):
    shelf, steps = Shelf(tmp_path / "shelf"), corrected(tmp_path)
    shelf.keep(steps)
    (tmp_path / "shelf" / "7.json").write_text("{")
    steps.undo()
    shelf.keep(steps)
    assert [kept.place for kept in shelf.listed()] == [8, 1]
    assert not shelf.put_into(steps, 7) and (tmp_path / "shelf" / "7.json").exists()
    shelf.throw_away(8)
    assert [kept.place for kept in shelf.listed()] == [1]
