"""Skip-gram by matrix products, trained: clusters come together, seeds, threads and processes, killed runs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer

from mwe.cli import main
from mwe.core.files import read_json
from mwe.words import SkipGramSettings, WordVectors, train_skipgram
from mwe.words.torch_adagrad import RowAdagrad
from mwe.words.torch_skipgram import SkipGram
from mwe.words.torch_tokens import TokenDataModule, TokenFile

ROW = Path(__file__).parents[3] / "lightning_configs/mwe/words/jamendo.yaml"
CLUSTERS = ("abcdef", "uvwxyz")


def write_clusters(path, lines=600, seed=0):
    """Lines of six tokens, all of one cluster."""
    rng = np.random.default_rng(seed)
    path.write_text("".join(" ".join(rng.choice(list(CLUSTERS[line % 2]), 6)) + "\n" for line in range(lines)))
    return path


SMALL = {
    "dim": 8, "epochs": 15, "negatives": 5, "trainer": "torch", "accelerator": "cpu", "block": 16, "noise": 8,
    "together": 2, "rate": 0.3,
}  # fmt: skip  # twelve words take steps that are too large for each other at the usual rate


def test_words_of_a_cluster_come_together_whatever_the_number_of_threads(tmp_path):
    corpus = write_clusters(tmp_path / "corpus.txt")
    for workers in (1, 2):
        vectors = train_skipgram(corpus, SkipGramSettings(workers=workers, **SMALL))
        unit = np.stack([vectors[token] / np.linalg.norm(vectors[token]) for token in "".join(CLUSTERS)])
        same = unit @ unit.T
        assert same[:6, :6].min() > same[:6, 6:].max() + 0.5
        assert vectors.made["settings"]["trainer"] == "torch"
        assert vectors.made["versions"]["torch"]
        assert vectors.made["settings"]["rate"] == 0.3
        assert len(vectors.made["inputs"]["corpus"]) == 64


def test_a_training_that_runs_away_is_refused_and_nothing_is_written(tmp_path):
    corpus = write_clusters(tmp_path / "corpus.txt", lines=20)
    options = [f"--settings.{name}={value}" for name, value in (SMALL | {"rate": "1e38"}).items()]
    with pytest.raises(
        SystemExit, match=r"word vectors, '\w' among them. Use a lower rate than --settings.rate 1e\+38"
    ):
        main(["words", "train", "--corpus", str(corpus), "--out", str(tmp_path / "words"), *options])
    assert not (tmp_path / "words").exists()


def test_each_trainer_has_a_rate_of_its_own():
    assert [SkipGramSettings(trainer=name).start_rate for name in ("gensim", "torch")] == [0.025, 2.0]


def test_equal_seeds_give_equal_vectors(tmp_path):
    corpus = write_clusters(tmp_path / "corpus.txt", lines=60)
    first, second, other = (train_skipgram(corpus, SkipGramSettings(seed=seed, **SMALL)).vectors for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_the_rate_falls_from_step_to_step_to_almost_nothing(tmp_path, monkeypatch):
    rates, ascend = [], RowAdagrad.ascend

    def noted(self, table, row_R, gradient_RD, rate):
        rates.append(rate)
        ascend(self, table, row_R, gradient_RD, rate)

    monkeypatch.setattr(RowAdagrad, "ascend", noted)
    train_skipgram(write_clusters(tmp_path / "corpus.txt", lines=60), SkipGramSettings(**SMALL))
    falls = -np.diff(rates[::3])  # three tables a step
    assert rates[0] == SMALL["rate"]
    assert 0 < rates[-1] < 0.1 * SMALL["rate"]
    assert falls.min() > 0
    assert falls.max() < 0.1 * SMALL["rate"]


def test_sizes_are_checked():
    with pytest.raises(ValueError, match="block must be 1 or more, not 0"):
        SkipGram(block=0)


def fit(corpus, chunk, epochs=2, **more):
    model = SkipGram(dim=8, negatives=5, block=16, noise=8, together=1, rate=0.6)
    trainer = Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, enable_checkpointing=False, enable_model_summary=False,
        enable_progress_bar=False, **more,
    )  # fmt: skip
    trainer.fit(model, datamodule=TokenDataModule(str(corpus), chunk=chunk))
    return model


def test_numbers_on_disk_train_as_numbers_in_memory(tmp_path, monkeypatch):
    corpus = write_clusters(tmp_path / "corpus.txt", lines=100)
    streamed = fit(corpus, chunk=128).words().vectors
    load = np.load
    monkeypatch.setattr("mwe.words.torch_tokens.np.load", lambda path, **_: load(path))
    model = fit(corpus, chunk=128)
    assert not isinstance(model.trainer.datamodule.tokens.numbers, np.memmap)
    np.testing.assert_array_equal(model.words().vectors, streamed)


def test_the_objective_that_rises_is_logged(tmp_path):
    corpus = write_clusters(tmp_path / "corpus.txt", lines=100)
    first, last = (float(fit(corpus, 128, epochs).trainer.callback_metrics["train/objective"]) for epochs in (1, 12))
    assert first < last < 0


def _two_processes(rank, world, corpus, out):
    model = fit(Path(corpus), 1024, epochs=6, devices=world, strategy="ddp")
    torch.save(model.state_dict(), Path(out) / f"{rank}.pt")


def test_two_processes_hold_the_same_vectors_and_learn(tmp_path, in_processes, monkeypatch):
    corpus = write_clusters(tmp_path / "corpus.txt", lines=500)
    TokenFile.of(corpus)
    in_processes(_two_processes, 2, str(corpus), str(tmp_path))
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    assert set(first) == {"input_VD", "output_VD"}
    for name, table in first.items():
        torch.testing.assert_close(table, second[name], rtol=0, atol=0)
    unit = torch.nn.functional.normalize(first["input_VD"], dim=1)
    names = TokenFile.of(corpus).vocabulary.tokens
    cluster = torch.tensor([name in CLUSTERS[0] for name in names])
    same = unit @ unit.T
    assert same[cluster][:, cluster].min() > same[cluster][:, ~cluster].max()


def test_by_the_command_and_by_the_row(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    corpus = write_clusters(tmp_path / "corpus.txt", lines=60)
    given = [f"--settings.{name}={value}" for name, value in SMALL.items()]
    main(["words", "train", "--corpus", str(corpus), "--out", "words", *given])
    assert "12 vectors of 8 dimensions in words" in capsys.readouterr().out
    main(
        ["fit", "-c", str(ROW), "--data.corpus", str(corpus), "--model.dim", "8", "--trainer.accelerator", "cpu",
         "--trainer.max_epochs", "2", "--trainer.callbacks.init_args.out", "fitted",
         "--trainer.enable_progress_bar", "false"]
    )  # fmt: skip
    fitted = WordVectors.load("fitted")
    assert (len(fitted), fitted.dim, fitted.made["settings"]["epochs"]) == (12, 8, 2)
    assert read_json("fitted/vocabulary.json")["made"]["settings"]["window"] == 15


def test_a_killed_training_leaves_no_vectors(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    corpus = write_clusters(tmp_path / "corpus.txt", lines=60)
    step = SkipGram.training_step

    def killed(self, batch, batch_index):
        if self.current_epoch:
            raise RuntimeError("killed")
        step(self, batch, batch_index)

    monkeypatch.setattr(SkipGram, "training_step", killed)
    given = [f"--settings.{name}={value}" for name, value in SMALL.items()]
    with pytest.raises(RuntimeError, match="killed"):
        main(["words", "train", "--corpus", str(corpus), "--out", "words", *given])
    assert not Path("words").exists()
