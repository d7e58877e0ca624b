"""Bounds as the books have them."""

import pytest

from host_tools.campaign.statistics import upper_bound_95


def test_without_a_failure_the_rule_of_three():
    assert upper_bound_95(0, 300) == (0.01, "rule of three")
    assert upper_bound_95(0, 2) == (1.0, "rule of three")


def test_with_failures_clopper_and_pearson():
    # 1 of 10, one-sided 95 %: 39.4 % (Clopper and Pearson 1934; beta(2, 9) at 0.95).
    bound, method = upper_bound_95(1, 10)
    assert bound == pytest.approx(0.3942, abs=1e-4) and method == "Clopper-Pearson"
    assert upper_bound_95(10, 10) == (1.0, "Clopper-Pearson")


def test_without_a_session_nothing_is_ruled_out_and_nonsense_is_refused():
    assert upper_bound_95(0, 0) == (1.0, "no session")
    with pytest.raises(ValueError, match="cannot be"):
        upper_bound_95(3, 2)
