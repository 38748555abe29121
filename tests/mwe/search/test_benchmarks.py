"""The benchmarks on libraries measure what they say."""

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks import query_sums
from benchmarks import search as search_benchmark
from benchmarks.query_sums import queries, sums, weighted_areas
from mwe.search import Library


def test_areas_are_those_of_repeated_tracks(rng):
    score_MN = np.round(rng.standard_normal((2, 30)), 1)  # with ties
    right_N, count_RN = rng.random(30) < 0.3, rng.integers(0, 3, (4, 30))
    left_out = 7
    right_N[left_out] = False
    wrong_N = ~right_N
    wrong_N[left_out] = False
    found_MR = weighted_areas(score_MN, right_N, wrong_N, count_RN)
    kept_N = np.arange(30) != left_out
    expected_MR = [
        [roc_auc_score(right_N[kept_N], score_N[kept_N], sample_weight=count_N[kept_N]) for count_N in count_RN]
        for score_N in score_MN
    ]
    np.testing.assert_allclose(found_MR, expected_MR, rtol=1e-9)
    assert np.isnan(weighted_areas(score_MN, np.zeros(30, bool), wrong_N, count_RN)).all()


def test_queries_are_all_with_enough_to_find(rng):
    label_NT, genre_T = rng.random((20, 5)) < 0.5, np.array([True, True, False, False, False])
    unit_ND = rng.standard_normal((20, 4))
    asked = list(queries(unit_ND @ rng.standard_normal((4, 5)), unit_ND @ unit_ND.T, label_NT, genre_T, least=3))
    kinds = {kind: [one for one in asked if one.kind == kind] for kind in {one.kind for one in asked}}
    assert set(kinds) == {"tag + tag", "tag - tag", "track + tag", "track - tag"}
    both = [label_NT[:, one] & label_NT[:, other] for one in range(5) for other in range(one + 1, 5)]
    assert [one.right_N.tolist() for one in kinds["tag + tag"]] == [own.tolist() for own in both if own.sum() >= 3]
    for one in asked:
        assert one.right_N.sum() >= 3
        if one.asker >= 0:
            assert not one.right_N[one.asker]
            shared = (label_NT & label_NT[one.asker])[:, :2].any(axis=1)
            assert shared[one.right_N].all()
    plain, each, kind, _ = sums(kinds["tag - tag"][0])
    first = kinds["tag - tag"][0]
    np.testing.assert_allclose(plain, first.first_N - first.second_N)
    np.testing.assert_allclose(each, first.first_N / first.first_N.std() - first.second_N / first.second_N.std())
    np.testing.assert_allclose(kind * first.spreads[0], plain)


def test_the_sums_are_compared_on_a_run(run, tmp_path, capsys):
    query_sums.main(run, least=1, draws=5, out=tmp_path / "sums.json")
    found = json.loads((tmp_path / "sums.json").read_text())
    assert found == json.loads(capsys.readouterr().out)
    assert found["test"]["tag + tag"]["queries"] > 3
    _, low, high = found["test"]["tag + tag"]["standardised - plain"]
    assert low <= high
    assert found["valid"]["tag + tag"]["by kind - plain"] == [0, 0, 0]


def test_a_generated_library_is_measured(tmp_path):
    root = tmp_path / "library"
    root.mkdir()
    assert search_benchmark.generate(root, 3000, 16) > 0
    library = Library(root)
    np.testing.assert_allclose(np.linalg.norm(library.matrix_ND, axis=1), 1, rtol=1e-5)
    assert len(library) == 3000
    found = search_benchmark.search(root, by_faiss=False, times=2)
    assert min(found.values()) >= 0
    assert found["memory after all"] >= found["memory after words"]
    pytest.importorskip("faiss", reason="FAISS is not installed (extra `ann`)")
    assert search_benchmark.approximate(root, 0.9)["recall_tracks"] >= 0.9
    assert search_benchmark.search(root, by_faiss=True, times=2).keys() == found.keys()


def test_an_index_job_is_measured(run, music, tmp_path):
    found = search_benchmark.index(run, music, tmp_path)
    assert found["tracks"] == 8
    assert 0 < found["share of decoding"] < 1
    assert found["tracks a second"] == pytest.approx(8 / found["seconds"], rel=0.1)
