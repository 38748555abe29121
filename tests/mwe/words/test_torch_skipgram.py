"""Skip-gram by matrix products: against a slow loop, its distributions, seeds, several processes, killed runs."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer
from scipy.stats import chisquare
from torch import nn

from mwe.cli import main
from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import read_json
from mwe.words import SkipGramSettings, WordVectors, train_skipgram
from mwe.words.torch_adagrad import RowAdagrad
from mwe.words.torch_blocks import BlockSampler, gradients, kept_share, mean_objective, noise_edges
from mwe.words.torch_skipgram import SkipGram
from mwe.words.torch_tokens import LINE_END, TokenDataModule, TokenFile

ROW = Path(__file__).parents[3] / "lightning_configs/mwe/words/jamendo.yaml"
CLUSTERS = ("abcdef", "uvwxyz")


def write_clusters(path, lines=600, seed=0):
    """Lines of six tokens, all of one cluster."""
    rng = np.random.default_rng(seed)
    path.write_text("".join(" ".join(rng.choice(list(CLUSTERS[line % 2]), 6)) + "\n" for line in range(lines)))
    return path


def sampler(vocabulary=6, window=2, block=4, noise=3, kept=1.0):
    counts = np.ones(vocabulary)
    edges = torch.from_numpy(noise_edges(counts))
    return BlockSampler(torch.full((vocabulary,), kept), edges, window, block, noise)


def test_gradients_are_those_of_a_loop_over_pairs():
    generator = torch.Generator().manual_seed(0)
    token = torch.tensor([0, 1, 2, 1, LINE_END, 3, 4, LINE_END, 5, 0, 1])
    blocks = sampler().draw(token, generator)
    input_VD, output_VD = (torch.randn(6, 5, generator=generator, dtype=torch.float64) for _ in range(2))
    for place in range(len(blocks.input_BH)):
        inputs, outputs = blocks.input_BH[place].tolist(), blocks.output_BL[place].tolist()
        noise, pairs = blocks.noise_BN[place].tolist(), blocks.pair_BLH[place].nonzero().tolist()
        tables = [table.clone().requires_grad_() for table in (input_VD, output_VD)]
        total = torch.zeros((), dtype=torch.float64)
        for out, into in pairs:
            vector = tables[0][inputs[into]]
            total = total + (tables[1][outputs[out]] @ vector).sigmoid().log()
            total = total + sum(20 / len(noise) * (-tables[1][row] @ vector).sigmoid().log() for row in noise)
        total.backward()
        rows_LN = torch.tensor(outputs + noise)
        given = input_VD[inputs], output_VD[rows_LN], blocks.pair_BLH[place].double(), 20
        found = gradients(*given)
        for table, rows, gradient in (
            (tables[0], torch.tensor(inputs), found.input_HD),
            (tables[1], rows_LN, found.output_LND),
        ):
            summed = torch.zeros_like(table).index_add(0, rows, gradient)
            torch.testing.assert_close(summed, table.grad)
        torch.testing.assert_close(mean_objective(*given), total.detach() / len(pairs))


def test_pairs_are_all_within_the_drawn_windows_of_a_line_and_none_twice():
    token = torch.arange(30).repeat(3)
    token[[9, 40, 41, 77]] = LINE_END
    drawn = sampler(vocabulary=30, window=5, block=8).draw(token, torch.Generator().manual_seed(1))
    line = (token == LINE_END).cumsum(0)[token != LINE_END].tolist()
    found = [(block * 8 + out, block * 8 + into - 5) for block, out, into in drawn.pair_BLH.nonzero().tolist()]
    assert len(set(found)) == len(found)
    reach = {}
    for out, into in found:
        assert 0 < abs(out - into) <= 5
        assert line[out] == line[into]
        reach[out] = max(reach.get(out, 0), abs(out - into))
    expected = {
        (out, into)
        for out, far in reach.items()
        for into in range(max(0, out - far), min(len(line), out + far + 1))
        if out != into and line[out] == line[into]
    }
    assert set(found) == expected
    assert set(reach) == set(range(len(line)))  # no line here has a single token
    assert set(reach.values()) == {1, 2, 3, 4, 5}


def test_narrow_blocks_hold_the_same_pairs():
    token = torch.arange(60) % 6
    token[3::4] = LINE_END
    broad, narrow = (
        BlockSampler(torch.ones(6), torch.from_numpy(noise_edges(np.ones(6))), 15, 8, 3, narrow).draw(
            token, torch.Generator().manual_seed(2)
        )
        for narrow in (False, True)
    )
    assert (broad.input_BH.shape[1], narrow.input_BH.shape[1]) == (8 + 30, 8 + 4)
    torch.testing.assert_close(broad.pair_BLH[:, :, 13:-13], narrow.pair_BLH)
    assert broad.pair_BLH.sum() == narrow.pair_BLH.sum() > 0
    torch.testing.assert_close(broad.noise_BN, narrow.noise_BN)


def test_noise_and_sub_sampling_follow_their_distributions():
    counts = np.array([5000, 900, 100, 30, 4, 1])
    share = kept_share(counts, 0.01)
    frequency = counts / counts.sum()
    word2vec = [min(1, (math.sqrt(f / 0.01) + 1) * 0.01 / f) for f in frequency]
    np.testing.assert_allclose(share, word2vec, rtol=1e-6)
    assert (kept_share(counts, 0) == 1).all()
    draw = BlockSampler(torch.from_numpy(share), torch.from_numpy(noise_edges(counts)), 1, 10, 50)
    each = 20_000
    blocks = draw.draw(torch.arange(6).repeat(each), torch.Generator().manual_seed(0))
    noise = np.bincount(blocks.noise_BN.flatten().numpy(), minlength=6)
    assert chisquare(noise, counts**0.75 / (counts**0.75).sum() * noise.sum()).pvalue > 0.001
    used = blocks.pair_BLH.any(dim=2)
    kept = np.bincount(blocks.output_BL[used].numpy(), minlength=6)
    for token in range(6):
        if share[token] == 1:
            assert kept[token] == each
        else:
            expected = [each * word2vec[token], each * (1 - word2vec[token])]
            assert chisquare([kept[token], each - kept[token]], expected).pvalue > 0.001


def test_a_row_ascends_by_the_root_of_its_squares_also_when_listed_twice():
    table = nn.Parameter(torch.zeros(3, 2))
    optimizer = RowAdagrad([table], epsilon=0.0)
    rows, gradient = torch.tensor([0, 2, 2]), torch.tensor([[3.0, 4.0], [1.0, 0.0], [2.0, 0.0]])
    optimizer.ascend(table, rows, gradient.clone(), rate=0.1)
    root = math.sqrt(12.5)
    expected = torch.tensor([[0.3 / root, 0.4 / root], [0, 0], [0.3 / math.sqrt(2.5), 0]])
    torch.testing.assert_close(table.detach(), expected)
    optimizer.ascend(table, rows[:1], gradient[:1].clone(), rate=0.1)
    torch.testing.assert_close(table.detach()[0], torch.tensor([0.3, 0.4]) * (1 / root + 1 / math.sqrt(25)))
    other = RowAdagrad([table])
    other.load_state_dict(optimizer.state_dict())
    torch.testing.assert_close(other.state[table]["squares"], optimizer.state[table]["squares"])


@pytest.mark.parametrize("chunk", [1, 7, 50, 10_000])
@pytest.mark.parametrize("world", [1, 2, 3])
def test_the_processes_read_every_token_once_and_lines_stay_whole(tmp_path, chunk, world):
    corpus = tmp_path / "corpus.txt"
    rng = np.random.default_rng(0)
    lengths = [*rng.integers(0, 9, 30), 60, 3]
    lines = [[str(token) for token in rng.integers(0, 12, length)] for length in lengths]
    corpus.write_text("\n".join(" ".join(line) for line in lines) + "\n")
    data = TokenDataModule(str(corpus), chunk=chunk)
    data.setup("fit")
    names = data.tokens.vocabulary.tokens
    read = {}
    counts = set()
    for rank in range(world):
        data.trainer = type("Where", (), {"world_size": world, "global_rank": rank})()
        chunks = list(data.train_dataloader())
        counts.add(len(chunks))
        read |= {chunk.number: chunk.token.tolist() for chunk in chunks}
    assert len(counts) == 1
    whole = [row for number in sorted(read) for row in read[number]]
    expected = [part for line in lines if line for part in [*line, LINE_END]]
    assert [names[row] if row != LINE_END else LINE_END for row in whole] == expected
    if chunk == 50:
        ends = [rows[-1] for rows in read.values() if rows]
        assert ends.count(LINE_END) >= len(ends) - 1  # only the line of 60 is cut


def test_numbering_counts_drops_what_is_rare_and_is_done_once(tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("b a b\n\nc a\nrare\n")
    tokens = TokenFile.of(corpus, min_count=2)
    assert tokens.vocabulary.tokens == ["b", "a"]
    assert tokens.vocabulary.count_V.tolist() == [2, 2]
    assert tokens.numbers.tolist() == [0, 1, 0, LINE_END, 1, LINE_END]
    assert isinstance(tokens.numbers, np.memmap)
    written = (tmp_path / "corpus.tokens.npy").stat().st_mtime_ns
    TokenFile.of(corpus, min_count=2)
    assert (tmp_path / "corpus.tokens.npy").stat().st_mtime_ns == written
    corpus.write_text("b b\n")
    assert TokenFile.of(corpus, min_count=2).numbers.tolist() == [0, 0, LINE_END]


def test_bad_corpora_and_sizes_are_refused(tmp_path):
    corpus = tmp_path / "corpus.txt"
    with pytest.raises(MissingDataError, match="mwe corpus"):
        TokenFile.of(corpus)
    corpus.write_text("\n \n")
    with pytest.raises(BadFileError, match="holds no token"):
        TokenFile.of(corpus)
    corpus.write_text("a b\n")
    with pytest.raises(BadFileError, match="no token that occurs 2 times"):
        TokenFile.of(corpus, min_count=2)
    corpus.write_bytes(b"a \xff\n")
    with pytest.raises(BadFileError, match="not UTF-8"):
        TokenFile.of(corpus)
    with pytest.raises(ValueError, match="block must be 1 or more, not 0"):
        SkipGram(block=0)


def test_a_killed_numbering_leaves_nothing(tmp_path, monkeypatch):
    corpus = write_clusters(tmp_path / "corpus.txt")

    def killed(vocabulary):
        raise KeyboardInterrupt

    monkeypatch.setattr("mwe.words.torch_tokens.np.array", lambda *_, **__: killed(None))
    with pytest.raises(KeyboardInterrupt):
        TokenFile.of(corpus)
    assert [path.name for path in tmp_path.iterdir() if "tokens" in path.name] == []


SMALL = {"dim": 8, "epochs": 6, "negatives": 5, "trainer": "torch", "accelerator": "cpu", "block": 16, "noise": 8}


def test_words_of_a_cluster_come_together_whatever_the_number_of_threads(tmp_path):
    corpus = write_clusters(tmp_path / "corpus.txt")
    for workers in (1, 2):
        vectors = train_skipgram(corpus, SkipGramSettings(workers=workers, **SMALL))
        unit = np.stack([vectors[token] / np.linalg.norm(vectors[token]) for token in "".join(CLUSTERS)])
        same = unit @ unit.T
        assert same[:6, :6].min() > same[:6, 6:].max() + 0.5
        assert vectors.made["trainer"].startswith("torch")
        assert vectors.made["settings"]["rate"] == 0.2
        assert len(vectors.made["corpus_sha256"]) == 64


def test_equal_seeds_give_equal_vectors(tmp_path):
    corpus = write_clusters(tmp_path / "corpus.txt", lines=60)
    first, second, other = (train_skipgram(corpus, SkipGramSettings(seed=seed, **SMALL)).vectors for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def fit(corpus, chunk, epochs=2, **more):
    model = SkipGram(dim=8, negatives=5, block=16, noise=8)
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
    main(["words", "--corpus", str(corpus), "--out", "words", *given])
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
        main(["words", "--corpus", str(corpus), "--out", "words", *given])
    assert not Path("words").exists()
