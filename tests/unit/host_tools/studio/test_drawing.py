"""Whatever stands in the title of somebody's file, a drawing of its notes can do nothing."""

import pytest

from host_tools.studio.drawing import safe

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<g onclick="alert(1)" />',
        '<image href="http://evil.example/a.png" />',
        '<use xlink:href="http://evil.example/a.svg#b" />',
        '<a xlink:href="javascript:alert(1)"><text>x</text></a>',
        "<style>@import url(http://evil.example/a.css);</style>",
        '<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="http://evil.example" /></foreignObject>',
    ],
)
def test_what_could_act_is_taken_out(inside):
    cleaned = safe(f"{HEAD}{inside}</svg>")
    assert not any(word in cleaned for word in ("alert", "evil", "script", "iframe", "onclick"))


def test_notes_and_a_title_of_html_stay_as_they_are_written():
    cleaned = safe(f'{HEAD}<use xlink:href="#E0A4" x="1" /><text>&lt;b&gt;Mum&lt;/b&gt;</text></svg>')
    assert 'href="#E0A4"' in cleaned and "&lt;b&gt;Mum&lt;/b&gt;" in cleaned
