"""Tower pairs measured by the package mteb itself, on miniature tasks: its scores are those of the metrics here."""

import json
import socket
import sys
from types import SimpleNamespace

import mteb
import numpy as np
import pytest
import torch
from mteb.abstasks.retrieval import AbsTaskRetrieval

from mwe.cli import main
from mwe.core.errors import BadFileError, MissingDataError
from mwe.metrics import ndcg, paired_recall
from mwe.reproduce.commands.mteb import TASKS
from mwe.search.joint_pair import tower_pair
from mwe.tower_pairs import PairDescription
from mwe.tower_pairs.encoding import embed_texts, embed_waveforms
from mwe.tower_pairs.mteb_encoder import MtebEncoder
from tests.mwe.tower_pairs.conftest import RATE
from tests.mwe.tower_pairs.test_own_model import DOCS

QUERIES = ["calm deep house", "low bass drone", "happy jazz guitar", "slow sad strings", "fast metal"]
DOCUMENTS = [f"{text} with {more}" for more in ("piano", "drums", "buzzing synth") for text in QUERIES]


class Miniature(AbsTaskRetrieval):
    """Queries of text, and documents of text or sound; document i is right for query i modulo the queries."""

    metadata = mteb.TaskMetadata(
        **dict(name="Miniature", description="five queries", type="Retrieval", category="t2t", modalities=["text"]),
        **dict(dataset={"path": "none", "revision": "1"}, eval_splits=["test"], eval_langs=["eng-Latn"]),
        **dict(main_score="ndcg_at_10"),
    )

    def __init__(self, documents):
        super().__init__()
        self.documents = documents

    def load_data(self, **settings):
        from datasets import Dataset

        queries = Dataset.from_list([{"id": f"q{number}", "text": text} for number, text in enumerate(QUERIES)])
        corpus = Dataset.from_list([{"id": f"d{number}", **row} for number, row in enumerate(self.documents)])
        right = {f"q{q}": {f"d{d}": 1 for d in range(q, len(corpus), len(QUERIES))} for q in range(len(QUERIES))}
        split = {"queries": queries, "corpus": corpus, "relevant_docs": right, "top_ranked": None}
        self.dataset, self.data_loaded = {"default": {"test": split}}, True

    def task_specific_scores(self, scores, *args, **settings):
        self.by_query = scores  # not rounded, as those of the file are
        return {}


class TextToSound(Miniature):
    metadata = Miniature.metadata.model_copy(
        update={"name": "TextToSound", "type": "Any2AnyRetrieval", "category": "t2a", "modalities": ["text", "audio"]}
    )


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def pair(clap):
    return tower_pair(f"clap:{clap}")


@pytest.fixture(scope="module")
def sounds(tones):
    """Fifteen sounds of several lengths; every third has two channels, the channels first."""
    sounds = []
    for number in range(len(DOCUMENTS)):
        wave_T = np.tile(tones[number % 7].numpy(), 3)[: RATE * (number + 4) // 8] * (1 + number // 7)
        other_T = np.tile(tones[(number + 3) % 7].numpy(), 3)[: len(wave_T)]
        sounds.append(np.stack([wave_T, other_T]) if number % 3 == 0 else wave_T)
    return sounds


def evaluated(pair, task, folder):
    """The scores that mteb writes, and its scores of each query."""
    mteb.evaluate(MtebEncoder(pair, "me/tiny"), task, cache=mteb.ResultCache(folder), show_progress_bar=False)
    [path] = folder.glob(f"results/me__tiny/*/{task.metadata.name}.json")
    [scores] = json.loads(path.read_text("utf-8"))["scores"]["test"]
    return scores, task.by_query


def assert_equal_to_ours(pair, document_CD, scores, by_query):
    query_QD, document_CD = torch.from_numpy(embed_texts(pair, QUERIES)), torch.from_numpy(document_CD)
    track_Q, track_C = torch.arange(len(QUERIES)), torch.arange(len(document_CD)) % len(QUERIES)
    recall = paired_recall(query_QD, document_CD, track_Q, track_C, ks=(1, 5, 10))
    gain_QC = (track_Q[:, None] == track_C).double()
    gain_Q = ndcg(query_QD.double() @ document_CD.double().T, gain_QC, k=10)
    assert 0.05 < gain_Q.mean() < 0.95  # neither nothing nor all was right
    named = {"ndcg_cut_10": gain_Q, **{f"success_{k}": recall.hit_QK[:, n] for n, k in enumerate((1, 5, 10))}}
    for name, value_Q in named.items():
        theirs = [by_query[f"q{number}"][name] for number in range(len(QUERIES))]
        assert theirs == pytest.approx(value_Q.tolist(), abs=1e-6), name
    written = {"ndcg_at_10": gain_Q, **{f"hit_rate_at_{k}": recall.hit_QK[:, n] for n, k in enumerate((1, 5, 10))}}
    for name, value_Q in written.items():
        assert scores[name] == pytest.approx(round(value_Q.mean().item(), 5), abs=1e-6), name


def test_mteb_scores_retrieval_of_texts_as_we_do(pair, tmp_path):
    scores, by_query = evaluated(pair, Miniature([{"text": text, "title": ""} for text in DOCUMENTS]), tmp_path)
    assert_equal_to_ours(pair, embed_texts(pair, DOCUMENTS), scores, by_query)


def test_mteb_scores_the_open_model_as_we_do(sounds, tmp_path):
    pair, mono = tower_pair("open"), [np.atleast_2d(wave).mean(axis=0) for wave in sounds[:10]]
    rows = [{"audio": {"array": wave_T, "sampling_rate": RATE}} for wave_T in mono]
    scores, by_query = evaluated(pair, TextToSound(rows), tmp_path)
    document_CD = np.concatenate([embed_waveforms(pair, wave_T[None], RATE) for wave_T in mono])
    assert_equal_to_ours(pair, document_CD, scores, by_query)


def test_mteb_scores_retrieval_of_sounds_as_we_do(pair, sounds, tmp_path):
    rows = [{"audio": {"array": np.atleast_2d(wave), "sampling_rate": RATE}} for wave in sounds]
    scores, by_query = evaluated(pair, TextToSound(rows), tmp_path)
    mono = [np.atleast_2d(wave).mean(axis=0) for wave in sounds]
    document_CD = np.concatenate([embed_waveforms(pair, wave_T[None], RATE) for wave_T in mono])
    assert_equal_to_ours(pair, document_CD, scores, by_query)


def test_the_recipe_of_the_page_writes_results(clap, tmp_path, monkeypatch):
    section = (DOCS / "own-model.md").read_text("utf-8").partition("## On the tables of mteb")[2]
    code = section.partition("```python\n")[2].partition("```")[0]
    asked = []
    monkeypatch.setattr(mteb, "get_tasks", lambda tasks: asked.extend(tasks) or [Miniature([{"text": "calm"}] * 5)])
    monkeypatch.chdir(tmp_path)
    exec(code.replace("clap:FOLDER", f"clap:{clap}"))
    [path] = tmp_path.glob("outputs/mteb/results/*/*/Miniature.json")
    assert "ndcg_at_10" in path.read_text("utf-8")
    assert asked
    assert all(mteb.get_task(name).metadata.name == name for name in asked)


def test_the_command_writes_results_in_the_format_of_mteb(clap, tmp_path, monkeypatch, capsys):
    mini, every = Miniature([{"text": text, "title": ""} for text in DOCUMENTS]), mteb.get_tasks
    monkeypatch.setattr(mteb, "get_tasks", lambda tasks=None: [mini] if tasks else [mini, *every(tasks=["GTZANGenre"])])
    main(["reproduce", "mteb", f"clap:{clap}", "--tasks", "[Miniature]", "--out", str(tmp_path)])
    [path] = tmp_path.glob("results/mwe__clap/*/Miniature.json")
    score = json.loads(path.read_text("utf-8"))["scores"]["test"][0]["ndcg_at_10"]
    assert f"Miniature: ndcg_at_10 {score:.4f}" in capsys.readouterr().out
    assert json.loads(path.with_name("model_meta.json").read_text("utf-8"))["name"] == "mwe/clap"
    with pytest.raises(SystemExit, match=r"unknown task of mteb 'GTZANgenre' .*nearest: 'GTZANGenre'"):
        main(["reproduce", "mteb", f"clap:{clap}", "--tasks", "[GTZANgenre]", "--out", str(tmp_path)])


def test_a_task_without_its_data_is_named(clap, tmp_path, monkeypatch):
    mini = Miniature([])
    monkeypatch.setattr(mteb, "get_tasks", lambda tasks=None: [mini])
    monkeypatch.setattr(mteb, "evaluate", lambda *given, **how: (_ for _ in ()).throw(ConnectionError("no Hub")))
    with pytest.raises(SystemExit, match="the data of Miniature cannot be read: no Hub"):
        main(["reproduce", "mteb", f"clap:{clap}", "--tasks", "[Miniature]", "--out", str(tmp_path)])


def test_the_default_tasks_are_tasks_of_mteb():
    assert [task.metadata.name for task in mteb.get_tasks(tasks=list(TASKS))] == list(TASKS)


def test_the_results_name_the_weights_and_their_licence(tmp_path):
    described = PairDescription("mine/1", dim=2, sample_rate=8000, seconds=0.5, licence="CC0-1.0")
    meta = MtebEncoder(SimpleNamespace(description=described), "me/mine").mteb_model_meta
    assert (meta.name, meta.revision, meta.license, meta.embed_dim) == ("me/mine", "mine%2F1", "cc0-1.0", 2)
    assert type(meta).model_validate_json(meta.model_dump_json(exclude={"loader"})[:-1] + ', "loader": null}') == meta
    unknown = PairDescription("mine/1", dim=2, sample_rate=8000, seconds=0.5, licence="ask me")
    assert MtebEncoder(SimpleNamespace(description=unknown), "me/mine").mteb_model_meta.license is None


def test_similarities_are_cosines_and_zeros_are_like_nothing(pair):
    model = MtebEncoder(pair, "me/tiny")
    first_ND, other_ND = np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[0.0, 2.0], [1.0, 0.0]])
    np.testing.assert_allclose(model.similarity(first_ND, other_ND), [[0.8, 0.6], [0, 0]])
    np.testing.assert_allclose(model.similarity_pairwise(first_ND, other_ND), [0.8, 0])


def test_an_item_with_text_and_sound_is_the_sum_of_both(pair, sounds):
    audio = {"array": sounds[3], "sampling_rate": RATE // 2}  # two channels, and not the rate of the pair
    [both_D] = MtebEncoder(pair, "me/tiny").encode([{"text": ["calm"], "audio": [audio]}])
    expected_1D = embed_texts(pair, ["calm"]) + embed_waveforms(pair, sounds[3].mean(axis=0)[None], RATE // 2)
    np.testing.assert_allclose(both_D, expected_1D[0], atol=1e-6)


def test_what_cannot_be_encoded_is_refused(pair):
    model = MtebEncoder(pair, "me/tiny")
    with pytest.raises(ValueError, match=r"encodes text and audio; the task gives \['image'\]"):
        model.encode([{"image": [None]}])
    with pytest.raises(BadFileError, match="the vector of a sound is not finite"):
        model.encode([{"audio": [{"array": np.full(RATE, np.nan), "sampling_rate": RATE}]}])
    for name in ("tiny", "me/", "a/b/c"):
        with pytest.raises(ValueError, match="not of the form owner/name"):
            MtebEncoder(pair, name)


def test_without_the_package_its_extra_is_named(pair, monkeypatch):
    monkeypatch.setitem(sys.modules, "mteb.models.model_meta", None)
    with pytest.raises(MissingDataError, match=r"pip install 'mwe\[mteb\]'"):
        MtebEncoder(pair, "me/tiny")
