"""Every fault that a campaign must find can still be put into the firmware, though the check itself is run by hand."""

import campaign_teeth
import pytest

from simulator.interpreter import ROOT


def test_each_mutant_is_there():
    assert len(campaign_teeth.chosen_mutants("")) == len(campaign_teeth.CARE)


@pytest.mark.parametrize("change", campaign_teeth.SOUND.values(), ids=campaign_teeth.SOUND)
def test_each_change_of_the_sound_has_its_place(change):
    file, before, after = change
    text = (ROOT / file).read_text("utf-8")
    assert before in text and after not in text
