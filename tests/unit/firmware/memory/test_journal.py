"""The journal's records: what goes in comes out, unknown stays unknown. Where they are kept: test_flash_pages.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.memory.journal import PACERS, POPULATIONS, Journal, read_record
from firmware.reasons import PHASES, REASONS
from firmware.step import Inputs, Outputs


def maybe(low, high):
    return st.none() | st.integers(low, high)


@given(
    maybe(20_000, 300_000), maybe(400, 1000), maybe(0, 200_000), maybe(0, 100), st.booleans(),
    st.sampled_from(PHASES), st.sampled_from(REASONS), st.integers(20_000, 100_000), st.integers(0, 6500),
)  # fmt: skip
def test_a_row_comes_back_as_it_was(pulse, spo2, perfusion, quality, contact, phase, reason, tempo, level):
    inputs, outputs = Inputs(), Outputs()
    inputs.pulse_rate_mbpm, inputs.spo2_permille, inputs.perfusion_index_ppm = pulse, spo2, perfusion
    inputs.quality_percent, inputs.contact, inputs.level_cdba = quality, contact, level
    outputs.phase, outputs.reason = phase, reason
    outputs.playing, outputs.tempo_mbpm, outputs.target_tempo_mbpm = True, tempo, tempo
    journal = Journal(None, None)
    journal.row(12_345, outputs, inputs)
    back = read_record(journal.record)

    def near(name, value, step):
        return back[name] is None if value is None else abs(back[name] - value) <= step / 2

    assert near("pulse_rate_mbpm", pulse, 10) and near("spo2_permille", spo2, 5)
    assert near("perfusion_index_ppm", perfusion, 10) and near("tempo_mbpm", tempo, 10)
    assert back["quality_percent"] == (quality or 0) and back["contact"] == contact
    assert (back["phase"], back["reason"], back["level_cdba"]) == (phase, reason, level)
    assert back["seconds"] == 12_345


class Varies:
    """What the journal reads of light/variability.py."""

    def __init__(self, reason, rate, amplitude, coherence, rmssd, corrected):
        self.reason, self.rmssd_us, self.beats_corrected_permille = reason, rmssd, corrected
        self.breath = self
        self.rate_mbpm, self.amplitude_mbpm, self.coherence_permille = rate, amplitude, coherence


@given(
    maybe(4000, 30_000), maybe(0, 60_000), maybe(0, 1000), maybe(0, 600_000), maybe(0, 1000), maybe(4500, 15_000),
    maybe(-1000, 1000), st.sampled_from(PACERS), st.booleans(), st.sampled_from((None, "irregular", "unsettled")),
)  # fmt: skip
def test_a_breath_comes_back_as_it_was(
    rate, amplitude, coherence, rmssd, corrected, pace, feedback, pacer, followed, reason
):
    outputs = Outputs()
    outputs.pace_mbpm, outputs.feedback_permille, outputs.pacer = pace, feedback, pacer
    outputs.breath_followed = followed
    journal = Journal(None, None)
    journal.breath(70_000, Varies(reason, rate, amplitude, coherence, rmssd, corrected), outputs)
    back = read_record(journal.record)

    def near(name, value, step):
        return back[name] is None if value is None else abs(back[name] - value) <= step / 2

    assert near("breathing_rate_mbpm", rate, 10) and near("breath_amplitude_mbpm", amplitude, 10)
    assert near("coherence_permille", coherence, 5) and near("pulse_variability_us", rmssd, 10)
    assert near("beats_corrected_permille", corrected, 5) and near("pace_mbpm", pace, 10)
    assert back["feedback_percent"] == (None if feedback is None else feedback // 10)
    assert (back["pacer"], back["breath_followed"], back["reason"]) == (pacer, followed, reason)
    assert (back["kind"], back["seconds"]) == ("breath", 70_000 & 0xFFFF)


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("digest", [b"\x01\x23\x45\x67\x89\xab\xcd\xef", None])
def test_which_profile_plays_is_read_back(population, digest):
    keeper = Journal(None, None)
    keeper.profile(70_000, population, digest)
    found = read_record(bytes(keeper.record))
    assert (found["kind"], found["seconds"]) == ("profile", 70_000 - 65_536)
    assert POPULATIONS[found["detail"]] == population
    assert found["sha256"] == (None if digest is None else digest.hex())
    keeper.event(3, "press")
    assert bytes(keeper.record[8:]) == bytes(8), "nothing of it is left in the next record"


class WornPages:
    """Pages that take the time and hold nothing, until somebody mends them."""

    count = 210

    def __init__(self):
        self.tried = 0
        self.held = []
        self.worn = True

    def write(self, page, buffer):
        self.tried += 1
        if not self.worn:
            self.held.append((page, bytes(buffer)))
        return not self.worn

    def past(self, page):
        return (page // 15 + 1) * 15


def test_a_worn_flash_is_never_asked_for_many_pages_at_once():
    pages = WornPages()
    journal = Journal(pages, None)
    for second in range(60):
        before = pages.tried
        journal.row(second, Outputs(), Inputs())
        journal.keep()
        assert pages.tried - before <= 3
        pages.worn = pages.tried < 30
    assert pages.tried > 30
    # What was newest as a page held again is there, and all that came after it.
    seconds = [
        read_record(page[at : at + 16])["seconds"] for _, page in pages.held for at in range(0, 240, 16)
    ]
    assert seconds[-1] >= 45 and seconds == list(range(seconds[0], seconds[0] + len(seconds)))


def test_at_the_end_every_page_is_tried():
    pages = WornPages()
    Journal(pages, None).flush(True)
    assert pages.tried == pages.count
