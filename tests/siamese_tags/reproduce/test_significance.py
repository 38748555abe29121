import math

import pytest

from siamese_tags.reproduce.significance import paired_test, significance_block


def test_textbook_example():
    """Differences 1, 2, 3: t = 2 / (1 / sqrt(3)) = 3.4641 with 2 degrees of freedom; p = 1 - t / sqrt(t² + 2)."""
    difference, p = paired_test([11.0, 12.0, 13.0], [10.0, 10.0, 10.0])
    assert difference == pytest.approx(2)
    t = 2 * math.sqrt(3)
    assert p == pytest.approx(1 - t / math.sqrt(t * t + 2))


def test_equal_differences_have_no_p():
    assert math.isnan(paired_test([3.0, 4.0], [1.0, 2.0])[1])


def test_folds_are_paired():
    """What all rows share, such as an easy fold, does not hide a steady difference."""
    assert paired_test([60.0, 40.0, 50.1], [59.0, 39.1, 49.0])[1] < 0.01


def test_block():
    rows = {"A": {"map": [1.0, 2.0, 4.0]}, "B": {"map": [0.0, 1.5, 2.0]}, "C": {}}
    text = significance_block(rows, "A", ["map"])
    assert "## Against A" in text
    assert "over 3 folds" in text
    assert "| B | +1.17 | 0.1181 |" in text
    assert "| C |  |  |" in text
    assert "| A |" not in text


def test_a_tiny_p_is_not_printed_as_zero():
    rows = {"A": {"map": [101.0, 102.0, 103.01]}, "B": {"map": [1.0, 2.0, 3.0]}}
    assert "| B | +100.00 | < 0.0001 |" in significance_block(rows, "A", ["map"])


def test_no_block_for_one_fold():
    assert significance_block({"A": {"map": [1.0]}, "B": {"map": [2.0]}}, "A", ["map"]) == ""
