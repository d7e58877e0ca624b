"""The journal's records: what goes in comes out, unknown stays unknown. Where they are kept: test_flash_pages.py."""

from hypothesis import given
from hypothesis import strategies as st

from firmware.memory.journal import Journal, read_record
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
