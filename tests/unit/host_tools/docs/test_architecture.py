"""The page about the house says what the imports say."""

from host_tools.docs import architecture, imports


def test_the_page_and_its_drawing_are_the_newest():
    assert architecture.DOCUMENT.read_text("utf-8") == architecture.document()
    assert architecture.DRAWING.read_text("utf-8") == architecture.draw()


def test_every_room_says_what_lives_there():
    assert "|  |" not in architecture.table()


def test_only_arrows_that_a_longer_way_says_too_are_left_out():
    rooms = {"top": {"middle", "ground"}, "middle": {"ground"}, "ground": set()}
    assert architecture.drawn(rooms) == {"top": {"middle"}, "middle": {"ground"}, "ground": set()}


def test_a_new_import_changes_the_drawing(monkeypatch):
    before = architecture.draw()
    house = imports.arrows()
    house["firmware.vitals"] = house["firmware.vitals"] | {"firmware.memory.store"}
    monkeypatch.setattr(imports, "arrows", lambda: house)
    assert architecture.draw() != before
