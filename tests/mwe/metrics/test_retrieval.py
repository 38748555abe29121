"""The catalogue metric of all tasks: against scikit-learn, over splits, repeats and processes."""

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.metrics import average_precision_score, roc_auc_score

from mwe.core.files import read_json, write_json
from mwe.core.sampler import EveryItemOnce
from mwe.metrics import TrackRetrieval

TRACKS, TAGS, WIDTH = 41, 9, 6


def catalogue(seed=0):
    """Embeddings, prototypes, labels; tag 7 has no track, tag 8 no prototype, tags 5 to 7 are unseen."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(TRACKS, WIDTH, generator=generator)
    prototypes = torch.randn(TAGS, WIDTH, generator=generator)
    labels = torch.rand(TRACKS, TAGS, generator=generator) < 0.3
    labels[:, 7] = False
    unseen, usable = torch.arange(TAGS) >= 5, torch.arange(TAGS) != 8
    return rows, prototypes, labels, unseen, usable


def measure(order, batch=5, seed=0):
    rows, prototypes, labels, unseen, usable = catalogue(seed)
    metric = TrackRetrieval(labels, unseen, usable, WIDTH)
    metric.prototypes = prototypes
    for ids in torch.as_tensor(order).split(batch):
        metric.update(ids, rows[ids])
    return {name: value.item() for name, value in metric.compute().items()}


def test_equals_scikit_learn():
    rows, prototypes, labels, _, _ = (part.numpy() for part in catalogue())
    unit = lambda matrix: matrix / np.linalg.norm(matrix, axis=1, keepdims=True)  # noqa: E731
    score = unit(rows) @ unit(prototypes).T
    by_tag = [roc_auc_score(labels[:, tag], score[:, tag]) for tag in range(7)]
    by_track = [roc_auc_score(own[:8], one[:8]) for own, one in zip(labels, score, strict=True) if own[:8].any()]
    found = measure(range(TRACKS))
    precision = [average_precision_score(labels[:, tag], score[:, tag]) for tag in range(7)]
    clips = [(own[:8], one[:8]) for own, one in zip(labels, score, strict=True) if own[:8].any()]
    assert found["prauc_tag"] == pytest.approx(np.mean(precision), abs=1e-6)
    assert found["prauc_tag_unseen"] == pytest.approx(np.mean(precision[5:]), abs=1e-6)
    assert found["prauc_clip"] == pytest.approx(np.mean([average_precision_score(*clip) for clip in clips]), abs=1e-6)
    assert found["rocauc_tag"] == pytest.approx(np.mean(by_tag), abs=1e-6)
    assert found["rocauc_tag_seen"] == pytest.approx(np.mean(by_tag[:5]), abs=1e-6)
    assert found["rocauc_tag_unseen"] == pytest.approx(np.mean(by_tag[5:]), abs=1e-6)
    assert found["rocauc_clip"] == pytest.approx(np.mean(by_track), abs=1e-6)
    assert found["rocauc_tag_unseen_excluded"] == 1
    assert found["tags_without_vector"] == 1
    assert found["rocauc_clip_excluded"] == TRACKS - len(by_track)


def test_bounds_are_drawn_only_where_asked_for():
    assert not any(name.endswith(("_low", "_high")) for name in measure(range(TRACKS)))


def test_the_control_gives_unseen_tags_each_others_prototypes():
    rows, prototypes, labels, _, _ = (part.numpy() for part in catalogue())
    unit = lambda matrix: matrix / np.linalg.norm(matrix, axis=1, keepdims=True)  # noqa: E731
    score = unit(rows) @ unit(prototypes).T
    wrong = [roc_auc_score(labels[:, tag], score[:, other]) for tag in (5, 6) for other in (5, 6, 7) if other != tag]
    found = measure(range(TRACKS))
    assert found["rocauc_tag_unseen_control"] == pytest.approx(np.mean(wrong), abs=1e-6)
    assert found["rocauc_tag_unseen_control_excluded"] == 2  # tag 7 has no track, in both rotations


def test_ignored_pairs_count_neither_as_right_nor_as_wrong():
    rows, prototypes, labels, unseen, usable = catalogue()
    ignored = torch.rand(TRACKS, TAGS, generator=torch.Generator().manual_seed(5)) < 0.2
    metric = TrackRetrieval(labels & ~ignored, unseen, usable, WIDTH, query_tracks=False, ignored_NT=ignored)
    metric.prototypes = prototypes
    metric.update(torch.arange(TRACKS), rows)
    score = torch.nn.functional.normalize(rows, dim=1) @ torch.nn.functional.normalize(prototypes, dim=1).T
    kept = ~ignored
    by_tag = [roc_auc_score(labels[kept[:, tag], tag], score[kept[:, tag], tag]) for tag in range(7)]
    assert float(metric.compute()["rocauc_tag"]) == pytest.approx(np.mean(by_tag), abs=1e-6)


def filled(**settings):
    rows, prototypes, labels, unseen, usable = catalogue()
    metric = TrackRetrieval(labels, unseen, usable, WIDTH, **settings)
    metric.prototypes = prototypes
    metric.update(torch.arange(TRACKS), rows)
    return metric


def test_groups_of_tags_have_figures_of_their_own():
    groups = ("genre", "genre", "mood/theme", "", "genre", "mood/theme", "", "", "genre")
    metric = filled(groups=groups, query_tracks=False)
    found, by_tag = metric.compute(), metric.by_tag.rocauc
    assert found["rocauc_tag_genre"] == pytest.approx(by_tag[[0, 1, 4]].mean().item(), abs=1e-9)
    assert found["rocauc_tag_mood_theme"] == pytest.approx(by_tag[[2, 5]].mean().item(), abs=1e-9)
    assert by_tag[[7, 8]].isnan().all()  # no track, no prototype
    assert metric.by_tag.tracks[:7].tolist() == catalogue()[2].sum(dim=0)[:7].tolist()


def test_generalized_zero_shot_ranks_all_tracks_for_a_tag_and_tags_only_the_queries():
    queries = torch.arange(TRACKS) % 3 == 0
    found = filled(query_N=queries).compute()
    own = queries.nonzero().squeeze(1)
    alone = measure(own, batch=TRACKS)
    everything = measure(range(TRACKS))
    for name in ("rocauc_tag_unseen", "prauc_tag_seen", "rocauc_tag_unseen_control"):
        assert found[name].item() == pytest.approx(everything[name], abs=1e-9)
    for name in ("rocauc_clip", "prauc_clip", "rocauc_clip_excluded", "recall_any@2", "recall_identical@8"):
        assert found[name].item() == pytest.approx(alone[name], abs=1e-9)
    for name in ("rocauc_tag", "prauc_tag_unseen"):
        assert found[f"{name}_queries"].item() == pytest.approx(alone[name], abs=1e-9)


def test_in_brief_only_seen_tags_are_looked_at():
    found = filled(brief=True).compute()
    assert set(found) == {
        name + end for name in ("rocauc_tag_seen", "rocauc_clip_seen") for end in ("", "_excluded")
    }  # fmt: skip
    rows, prototypes, labels, _, _ = (part.numpy() for part in catalogue())
    unit = lambda matrix: matrix / np.linalg.norm(matrix, axis=1, keepdims=True)  # noqa: E731
    score = unit(rows) @ unit(prototypes).T
    mixed = [(own[:5], one[:5]) for own, one in zip(labels, score, strict=True) if 0 < own[:5].sum() < 5]
    assert found["rocauc_clip_seen"].item() == pytest.approx(
        np.mean([roc_auc_score(*clip) for clip in mixed]), abs=1e-6
    )
    assert found["rocauc_tag_seen"].item() == pytest.approx(measure(range(TRACKS))["rocauc_tag_seen"], abs=1e-9)


def test_inner_products_in_place_of_cosines():
    rows, prototypes, labels, _, _ = (part.numpy() for part in catalogue())
    score = rows @ prototypes.T
    by_tag = [roc_auc_score(labels[:, tag], score[:, tag]) for tag in range(7)]
    assert filled(cosine=False).compute()["rocauc_tag"].item() == pytest.approx(np.mean(by_tag), abs=1e-6)


def test_sparse_labels_give_the_same_figures():
    dense = {name: value.item() for name, value in filled().compute().items()}
    rows, prototypes, labels, unseen, usable = catalogue()
    metric = TrackRetrieval(sparse.csr_array(labels.numpy()), unseen, usable, WIDTH)
    metric.prototypes = prototypes
    metric.update(torch.arange(TRACKS), rows)
    assert {name: value.item() for name, value in metric.compute().items()} == dense


def test_bounds_enclose_the_figures_and_narrow_with_more_tracks():
    metric = filled(draws=200)
    found = {name: value.item() for name, value in metric.compute().items()}
    bounded = [name.removesuffix("_low") for name in found if name.endswith("_low")]
    assert {"rocauc_tag", "prauc_tag_unseen", "rocauc_clip", "prauc_clip", "recall_any@1"} <= set(bounded)
    for name in ("rocauc_tag", "rocauc_clip", "recall_any@1"):
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]
    low, high = metric.by_tag.bounds
    assert (low[:7] < high[:7]).all()
    assert low[7:].isnan().all()


def test_order_batches_and_repeats_have_no_effect():
    expected = measure(range(TRACKS), batch=TRACKS)
    shuffled = torch.randperm(TRACKS, generator=torch.Generator().manual_seed(1)).tolist()
    assert measure([*shuffled, *shuffled[:7]], batch=3) == expected


def test_a_part_of_the_catalogue_is_measured_on_its_own_tracks():
    assert measure(range(10))["rocauc_clip_excluded"] <= 10


def test_scores_that_are_not_finite_are_refused_with_their_ids():
    metric = TrackRetrieval(torch.ones(3, 1), torch.zeros(1), torch.ones(1), 2)
    metric.prototypes = torch.ones(1, 2)
    metric.update(torch.tensor([0, 2]), torch.tensor([[0.0, 1.0], [torch.nan, 1.0]]))
    with pytest.raises(ValueError, match=r"items \[2\] \(1 in all\)"):
        metric.compute()


def test_rows_of_another_width_are_refused():
    metric = TrackRetrieval(torch.ones(3, 1), torch.zeros(1), torch.ones(1), 2)
    with pytest.raises(ValueError, match=r"expected rows of shape \(1, 2\), got \(1, 3\)"):
        metric.update(torch.tensor([0]), torch.zeros(1, 3))


def test_without_prototypes_it_says_so():
    metric = TrackRetrieval(torch.ones(3, 1), torch.zeros(1), torch.ones(1), 2)
    metric.update(torch.tensor([0]), torch.ones(1, 2))
    with pytest.raises(ValueError, match="set `prototypes`"):
        metric.compute()


def measure_part(rank, world, folder, items):
    own = list(EveryItemOnce(range(items), world, rank))
    rows, prototypes, labels, unseen, usable = catalogue()
    metric = TrackRetrieval(labels, unseen, usable, WIDTH)
    metric.prototypes = prototypes
    for ids in torch.tensor(own, dtype=torch.long).split(5):
        metric.update(ids, rows[ids])
    found = {name: value.item() for name, value in metric.compute().items()}
    write_json(f"{folder}/{rank}.json", found)


@pytest.mark.parametrize(("world", "items"), [(2, TRACKS), (2, 1), (3, TRACKS)])
def test_several_processes_with_uneven_shards_equal_one(world, items, tmp_path, in_processes):
    in_processes(measure_part, world, str(tmp_path), items)
    for rank in range(world):
        assert read_json(tmp_path / f"{rank}.json") == measure(range(items))
