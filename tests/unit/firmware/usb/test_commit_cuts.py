"""What a computer changes is old or new wherever the power goes: while it is sent, committed, and at the start after it."""

import commit_cuts
import pytest


@pytest.mark.parametrize("change", commit_cuts.CHANGES, ids=lambda change: change.__name__)
def test_no_cut_of_a_commit_leaves_anything_but_old_or_new(change):
    assert commit_cuts.lives(change, lambda length: (length // 2,)) > 8
