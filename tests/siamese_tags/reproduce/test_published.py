import pytest

from siamese_tags.reproduce.published import TABLES, published


def test_figures_as_printed():
    table1 = published("table1_cal500")
    assert table1["siamese ce"]["test_map"] == 64.33
    assert table1["random"]["train_p@2"] == 58.15
    assert "test_map" not in table1["c-rbm"]
    assert published("table2_magtag5k")["rbm"]["test_map"] == 20.84
    assert published("table3_oov_magtag5k")["siamese ce"]["oov_p@1"] == 63.47
    assert published("tableC1_cal500")["single prediction"]["test_p@10"] == 66.05
    assert published("tableC2_magtag5k")["siamese prediction"]["train_p@1"] == 32.4
    assert published("tableE1_cal500")["c-sg (s1) 3"]["train_map"] == 39.54
    assert published("tableE2_magtag5k")["c-bow (s2) 4"]["test_p@5"] == 33.03


@pytest.mark.parametrize("table", TABLES)
def test_percentages(table):
    rows = published(table)
    assert len(rows) >= 4
    assert all(0 < figure <= 100 for row in rows.values() for figure in row.values())


def test_printed_rows_of_the_second_order_are_equal():
    table = published("tableE1_cal500")
    for kind in ("c-bow", "c-sg"):
        assert len({tuple(table[f"{kind} (s2) {window}"].items()) for window in (1, 2, 3, 4)}) == 1
