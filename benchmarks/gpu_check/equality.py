"""The same steps, losses, metrics and embeddings on the CPU and on another device, in float32.

Everything random is drawn on the CPU. Embeddings for metrics are small whole numbers, whose products are exact on any
device, so that ties are ties on both and figures must be equal to the last digits.

Shape suffixes: B tracks or excerpts of a batch, E excerpts, F frames, M mel bands, D documents or dimensions, T tags,
V words, N tracks.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer, seed_everything
from scipy import sparse
from torch import Tensor, nn

from benchmarks.joint_input import MELS, Generated, Sizes
from mwe.audio.logmel import LogMel
from mwe.audio.mel_settings import MelSettings
from mwe.audio.shards import FileStamp, MelRow, MelShardWriter
from mwe.audio.store_settings import declare_settings
from mwe.core.tokens import artist_token, track_token
from mwe.core.trainers import passing_trainer
from mwe.encoders import CNN1D, VGG, AudioEncoder, Musicnn, MusicTaggingTransformer
from mwe.joint import AudioWordDataModule, JointEmbedding, PrototypeSet
from mwe.joint.losses import InfoNCE, PrototypeLoss, Triplet
from mwe.metrics import TrackRetrieval, ndcg, paired_recall, tag_rank
from mwe.tracks import TrackTags
from mwe.words import WordVectors
from mwe.words.torch_adagrad import RowAdagrad
from mwe.words.torch_blocks import BlockSampler, Vectors, gradients, kept_share, mean_objective, noise_edges
from mwe.words.torch_tokens import LINE_END
from siamese_tags.documents import Collection, TagDocuments
from siamese_tags.fold_data import PrimingData
from siamese_tags.masked.encoder import ContextEncoder
from siamese_tags.masked.mask import reveal
from siamese_tags.masked.metrics import MaskedPrimingMetric
from siamese_tags.metrics import PrimingMetric
from siamese_tags.stage import ContextualEmbedding
from siamese_tags.stage1 import SingleNetwork
from siamese_tags.stage2 import SiameseNetwork

Computed = dict[str, Tensor]
Work = Callable[[torch.device], Computed]

ENCODERS: dict[str, tuple[Callable[[], AudioEncoder], tuple[int, int]]] = {
    "1D-CNN": (CNN1D, (130, 128)),
    "transformer": (MusicTaggingTransformer, (130, 128)),
    "Musicnn, fine-tuned": (Musicnn, (187, 96)),
    "VGG, fine-tuned": (VGG, (187, 96)),
}
LOSSES: dict[str, Callable[[], PrototypeLoss]] = {
    "triplet": Triplet,
    "hard negatives": partial(Triplet, negatives=2, candidates=8),
    "InfoNCE": partial(InfoNCE, sampled=32),
}
WORDS, TRACKS = 32, 64


class Compared(NamedTuple):
    """One thing that both devices computed.

    Attributes:
        what: Its name.
        difference: Euclidean length of the difference, as a share of the CPU's values; infinite if either is not
            finite where the other is, or shapes differ.
        tolerance: Largest difference that counts as equal.
    """

    what: str
    difference: float
    tolerance: float

    @property
    def equal(self) -> bool:
        """Whether the difference is within the tolerance."""
        return self.difference <= self.tolerance


def relative_difference(expected: Tensor, computed: Tensor) -> float:
    """Return the length of a difference as a share of the expected values; NaN in the same places is equal.

    Examples:
        >>> import torch
        >>> relative_difference(torch.tensor([3.0, 4.0]), torch.tensor([3.0, 4.5]))
        0.1
        >>> relative_difference(torch.tensor([1.0]), torch.tensor([torch.nan]))
        inf
    """
    expected, computed = (part.detach().cpu().double() for part in (expected, computed))
    if expected.shape != computed.shape:
        return float("inf")
    finite = expected.isfinite()
    if not torch.equal(finite, computed.isfinite()):
        return float("inf")
    apart = torch.linalg.vector_norm(expected[finite] - computed[finite]).item()
    length = torch.linalg.vector_norm(expected[finite]).item()
    return apart if length == 0 else apart / length


def compare(name: str, work: Work, device: torch.device, tolerance: Mapping[str, float] | float) -> list[Compared]:
    """Do the same work on the CPU and on a device. Where that is the CPU too, it works without oneDNN's kernels.

    Args:
        name: What is done.
        work: Returns what a device computed, by name. It must draw nothing on the device.
        device: The device.
        tolerance: Of all that is computed, or by name.
    """
    expected = work(torch.device("cpu"))
    with torch.backends.mkldnn.flags(enabled=device.type != "cpu", allow_tf32=None):
        computed = work(device)
    assert expected.keys() == computed.keys()
    allowed = tolerance if isinstance(tolerance, Mapping) else dict.fromkeys(expected, tolerance)
    return [
        Compared(f"{name}: {part}", relative_difference(value, computed[part]), allowed[part])
        for part, value in expected.items()
    ]


def without_tf32() -> None:
    """Have convolutions and products of float32 computed in float32, which GPUs do not do by default."""
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False


def joint_step(encoder: str, loss: str, batch: int, device: torch.device) -> Computed:
    """One training step of a joint embedding: embeddings, losses of the three supervisions, gradients."""
    torch.manual_seed(0)
    build, shape = ENCODERS[encoder]
    model = JointEmbedding(WORDS, build(), LOSSES[loss](), tag=1.0, artist=0.5, track=0.25)
    for name in model.weights:
        model.train_prototypes[name] = _prototypes(8)
    mel_BFM, track_B = torch.rand(batch, *shape), torch.arange(batch) % TRACKS
    model.train().to(device)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    model.criteria.eval()  # draws that depend on the track alone
    excerpt_BD = model.encoder(mel_BFM.to(device))
    terms = {name: loss.mean() for name, loss in model.losses(excerpt_BD, track_B.to(device))}
    torch.autograd.backward(torch.stack([model.weights[name] * value for name, value in terms.items()]).sum())
    slopes = [part.grad.flatten() for part in model.parameters() if part.grad is not None]
    model.eval()
    with torch.inference_mode():
        rows_BD = model.embed(mel_BFM.to(device)[:, None])
    losses = torch.stack([terms[name] for name in sorted(terms)])
    return {"embeddings": excerpt_BD, "losses": losses, "gradients": torch.cat(slopes), "rows of tracks": rows_BD}


def _prototypes(count: int) -> PrototypeSet:
    rng = np.random.default_rng(0)
    belongs = sparse.csr_array(rng.random((TRACKS, count)) < 0.3)
    return PrototypeSet(rng.standard_normal((count, WORDS), dtype=np.float32), belongs)


class WithSplits(Generated):
    """Generated tracks, of which the last quarter are for validation and test."""

    def read(self) -> TrackTags:
        tracks, count = super().read(), self.sizes.tracks
        train, valid, test = np.split(np.arange(count), [count * 3 // 4, count * 7 // 8])
        return replace(tracks, splits={"train": train, "valid": valid, "test": test})


def write_collection(folder: Path, sizes: Sizes) -> None:
    """A mel store of generated tracks of four to nine seconds, and word vectors of tags, artists and tracks."""
    rng, ids = np.random.default_rng(0), [f"T{track}" for track in range(sizes.tracks)]
    declare_settings(folder / "mel", MelSettings(), {})
    writer = MelShardWriter(folder / "mel", shard_tracks=512)
    for number, track in enumerate(ids):
        row = MelRow(track, f"{track}.mp3", FileStamp(480_000, 1), loudness_db=-20.0)
        writer.append(row, rng.random((180 + 40 * (number % 6), MELS), dtype=np.float32))
    writer.flush()
    tokens = [f"tag{tag}" for tag in range(sizes.tags)]
    tokens += [artist_token(f"A{artist}") for artist in range(sizes.artists)] + [track_token(track) for track in ids]
    WordVectors(tokens, rng.standard_normal((len(tokens), sizes.dim), dtype=np.float32)).save(folder / "words")


class Steps(Callback):
    """Keeps the loss of every training step."""

    def __init__(self) -> None:
        self.losses: list[Tensor] = []

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.losses.append((outputs["loss"] if isinstance(outputs, dict) else outputs).detach())


class Repeatable(Triplet):
    """The triplet loss whose draws depend on the track alone, in training too."""

    def train(self, mode: bool = True) -> "Repeatable":
        super().train(False)
        return self


def trainer_on(device: torch.device, **settings: Any) -> tuple[Trainer, Steps]:
    """Return a trainer on one device, and what keeps its losses."""
    steps = Steps()
    accelerator = "gpu" if device.type == "cuda" else device.type
    return passing_trainer(steps, bar=False, accelerator=accelerator, devices=1, **settings), steps


def joint_run(folder: Path, sizes: Sizes, device: torch.device) -> Computed:
    """A short training and a whole test of a joint embedding through Lightning, as `mwe fit` and `mwe test` do."""
    seed_everything(0, verbose=False)
    stored, words = str(folder / "mel"), str(folder / "words")
    data = AudioWordDataModule(WithSplits(sizes), stored, words, batch_size=32, workers=0, test_excerpts=2)
    optimizer = partial(torch.optim.SGD, lr=0.001)
    model = JointEmbedding(data.word_dim, CNN1D(), Repeatable(), optimizer, tag=1.0, artist=1.0, track=1.0)
    trainer, steps = trainer_on(device, max_steps=4, num_sanity_val_steps=0)
    trainer.fit(model, datamodule=data)
    trained = {"losses of steps": torch.stack(steps.losses), "weights": _weights(model)}
    trainer.test(model, datamodule=data, verbose=False)
    named = sorted(trainer.callback_metrics)
    assert model.retrieval is not None
    assert model.retrieval.computed is not None
    figures = torch.stack([trainer.callback_metrics[name].cpu().double() for name in named])
    return {**trained, "embedded catalogue": model.retrieval.computed[1], "figures of the test": figures}


def _weights(module: nn.Module) -> Tensor:
    return torch.cat([part.detach().flatten() for part in module.parameters()])


class GeneratedDocuments(Collection):
    """Tag documents of a few overlapping groups of tags."""

    def __init__(self, documents: int = 240, tags: int = 60) -> None:
        self.sizes = documents, tags

    def read(self) -> TagDocuments:
        documents, tags = self.sizes
        rng = np.random.default_rng(0)
        group_D = rng.integers(0, 6, documents)
        likely_DT = np.where((np.arange(tags) % 6)[None] == group_D[:, None], 0.5, 0.08)
        matrix_DT = rng.random((documents, tags)) < likely_DT
        matrix_DT[np.arange(documents), group_D] = True
        names = tuple(f"document {number}" for number in range(documents))
        return TagDocuments("generated", names, tuple(f"tag{tag}" for tag in range(tags)), matrix_DT)


def stage_run(stage: str, device: torch.device) -> Computed:
    """A few epochs and the test of a stage of the Siamese network through Lightning."""
    seed_everything(0, verbose=False)
    data = PrimingData(GeneratedDocuments(), n_topics=6, topic_iterations=5, batch_size=200)
    built = _SingleDrawnOnCpu if stage == "single" else _SiameseDrawnOnCpu
    model = built(60, 6, optimizer=partial(torch.optim.SGD, lr=0.001))
    trainer, steps = trainer_on(device, max_epochs=2)
    trainer.fit(model, datamodule=data)
    trained = {"losses of steps": torch.stack(steps.losses), "weights": _weights(model)}
    trainer.test(model, datamodule=data, verbose=False)
    named = sorted(trainer.callback_metrics)
    return {**trained, "figures of the test": torch.stack([trainer.callback_metrics[name].cpu() for name in named])}


class _DrawnOnCpu(ContextualEmbedding):
    """A stage that draws its examples on the CPU."""

    def on_train_epoch_start(self) -> None:
        device = self.device
        self.cpu()
        super().on_train_epoch_start()
        self.to(device)
        self.drawn_3KP = self.drawn_3KP.to(device)


class _SingleDrawnOnCpu(_DrawnOnCpu, SingleNetwork):
    """The first stage."""


class _SiameseDrawnOnCpu(_DrawnOnCpu, SiameseNetwork):
    """The second."""


def context_step(device: torch.device) -> Computed:
    """One training step of the context encoder with three members: logits, losses, gradients, distances."""
    torch.manual_seed(0)
    membership_DT = torch.from_numpy(GeneratedDocuments().read().matrix_DT)
    membership_DT = membership_DT[membership_DT.sum(dim=1) > 1]
    generator = torch.Generator().manual_seed(0)
    revealed_DT = reveal(membership_DT, generator)
    query_D = torch.multinomial(revealed_DT.float(), 1, generator=generator)[:, 0]
    encoder = ContextEncoder(membership_DT.shape[1], dropout=0.0, members=3)
    encoder.start_at(membership_DT.double().mean(dim=0))
    encoder.to(device)
    membership_DT, revealed_DT, query_D = (part.to(device) for part in (membership_DT, revealed_DT, query_D))
    losses = torch.stack(encoder.losses(revealed_DT, membership_DT & ~revealed_DT, query_D))
    torch.autograd.backward(losses.sum())
    slopes = torch.cat([part.grad.flatten() for part in encoder.parameters() if part.grad is not None])
    document_Q, tag_Q = revealed_DT.nonzero().unbind(dim=1)
    with torch.inference_mode():
        squared_QT = encoder.squared_distances(revealed_DT, document_Q, tag_Q)
        logits_DT = encoder(revealed_DT)
    return {"logits": logits_DT, "losses": losses, "gradients": slopes, "distances": squared_QT}


def words_steps(device: torch.device) -> Computed:
    """Updates of skip-gram tables by a chunk of text: objective, both tables."""
    rng = np.random.default_rng(0)
    count_V = (20_000 / np.arange(1, 501)).astype(np.int64)
    token_S = torch.from_numpy(rng.choice(500, 8_000, p=count_V / count_V.sum()))
    token_S[::40] = LINE_END
    sampler = BlockSampler(
        torch.from_numpy(kept_share(count_V, 1e-3)), torch.from_numpy(noise_edges(count_V)), 15, 64, 128
    )
    blocks = sampler.draw(token_S, torch.Generator().manual_seed(0))
    start_VD = torch.rand(500, 64, generator=torch.Generator().manual_seed(0)) / 64
    input_VD, output_VD = (nn.Parameter(table.to(device)) for table in (start_VD, torch.zeros_like(start_VD)))
    optimizer = RowAdagrad([input_VD, output_VD])
    with torch.no_grad():
        for first in range(0, len(blocks.input_BH), 8):
            some = type(blocks)(*(part.to(device) for part in blocks.some(first, first + 8)))
            looked = Vectors(input_VD[some.input_BH], output_VD[some.output_BL], output_VD[some.noise_BN])
            slopes = gradients(looked, some.pair_BLH, 20)
            for table, rows, slope in (
                (input_VD, some.input_BH, slopes.input_BHD),
                (output_VD, some.output_BL, slopes.output_BLD),
                (output_VD, some.noise_BN, slopes.noise_BND),
            ):
                optimizer.ascend(table, rows.flatten(), slope.flatten(0, 1), 2.0)
        looked = Vectors(input_VD[some.input_BH], output_VD[some.output_BL], output_VD[some.noise_BN])
        objective = mean_objective(looked, some.pair_BLH, 20)
    return {"objective": objective, "input vectors": input_VD, "output vectors": output_VD}


def spectrograms(device: torch.device) -> Computed:
    """Log-mel spectrograms of noise and a glide."""
    time_N = torch.arange(66_150, dtype=torch.float64) / 22_050
    glide_N = torch.sin(2 * torch.pi * (110 + 800 * time_N) * time_N).float()
    noise_N = 0.1 * torch.randn(66_150, generator=torch.Generator().manual_seed(0))
    return {"log-mel": LogMel().to(device)(torch.stack([glide_N, noise_N]).to(device))}


def mwe_metrics(device: torch.device) -> Computed:
    """Every metric of the joint embedding on whole numbers, with many ties."""
    generator = torch.Generator().manual_seed(0)
    row_ND = torch.randint(-3, 4, (600, 12), generator=generator).float()
    tag_TD = torch.randint(-3, 4, (40, 12), generator=generator).float()
    label_NT = torch.rand(600, 40, generator=generator) < 0.1
    unseen_T, usable_T = torch.arange(40) >= 30, torch.arange(40) != 7
    groups = ["genre" if tag % 2 else "mood" for tag in range(40)]
    query_N = torch.arange(600) % 3 == 0
    retrieval = TrackRetrieval(label_NT, unseen_T, usable_T, 12, groups=groups, query_N=query_N, cosine=False, draws=20)
    retrieval.to(device)
    retrieval.update(torch.arange(600, device=device), row_ND.to(device))
    retrieval.prototypes = tag_TD.to(device)
    figures = retrieval.compute()
    gain_TT = torch.randint(0, 5, (40, 40), generator=generator).to(device)
    score_TT = torch.randint(0, 6, (40, 40), generator=generator).float().to(device)
    track_C = (torch.arange(90) % 30).to(device)
    recall = paired_recall(row_ND[:30].to(device), row_ND[30:120].to(device), torch.arange(30, device=device), track_C)
    ranks = tag_rank(torch.eye(40)[torch.arange(40) % 9].to(device), gain_TT, (torch.arange(40) < 15).to(device))
    return {
        "tagging and retrieval": torch.stack([figures[name].cpu().double() for name in sorted(figures)]),
        "nDCG@30": ndcg(score_TT, gain_TT),
        "recall of pairs": torch.cat([recall.hit_QK, recall.rank_Q[:, None]], dim=1),
        "rank of tags": torch.stack([ranks[name].cpu().double() for name in sorted(ranks)]),
    }


def siamese_metrics(device: torch.device) -> Computed:
    """Semantic priming and masked priming on whole numbers, with many ties."""
    generator = torch.Generator().manual_seed(0)
    bags_DT = torch.from_numpy(GeneratedDocuments().read().matrix_DT).to(device)
    document_Q, tag_Q = bags_DT.nonzero().unbind(dim=1)
    score_QT = torch.randint(0, 9, (len(tag_Q), bags_DT.shape[1]), generator=generator).float().to(device)
    id_D = torch.arange(len(bags_DT), device=device)
    priming, masked = PrimingMetric().to(device), MaskedPrimingMetric().to(device)
    priming.add_documents(id_D, document_Q, tag_Q, score_QT, bags_DT)
    revealed_DT = bags_DT & (torch.arange(bags_DT.shape[1], device=device) % 2 == 0)
    several_D = revealed_DT.any(dim=1) & (bags_DT & ~revealed_DT).any(dim=1)
    parts = [part[several_D] for part in (id_D, score_QT[: len(id_D)], revealed_DT, bags_DT & ~revealed_DT)]
    masked.add_documents(*parts)
    computed = {"priming": priming.compute(), "masked priming": masked.compute()}
    return {name: torch.stack([own[part] for part in sorted(own)]) for name, own in computed.items()}


def equality(device_name: str, small: bool) -> list[Compared]:
    """Everything compared.

    Args:
        device_name: The device, such as ``cuda``.
        small: Whether to compare small batches, and the large encoders by one loss alone.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    without_tf32()
    device = torch.device(device_name)
    step = {"embeddings": 1e-4, "losses": 1e-5, "gradients": 5e-3, "rows of tracks": 1e-4}
    found: list[Compared] = []
    for encoder in ENCODERS:
        for loss in LOSSES if encoder == next(iter(ENCODERS)) else ("triplet",):
            batch = 4 if small else 16
            found += compare(f"step of {encoder}, {loss}", partial(joint_step, encoder, loss, batch), device, step)
    sizes = Sizes(tracks=256 if small else 2_048, tags=24, artists=40, dim=32, stored=0)
    run = {"losses of steps": 1e-5, "weights": 1e-5, "embedded catalogue": 1e-4, "figures of the test": 2e-3}
    with tempfile.TemporaryDirectory() as name:
        write_collection(Path(name), sizes)
        found += compare("fit and test of the 1D-CNN", partial(joint_run, Path(name), sizes), device, run)
    del run["embedded catalogue"]
    for stage in ("single", "Siamese"):
        found += compare(f"fit and test of the {stage} network", partial(stage_run, stage), device, run)
    found += compare("context encoder", context_step, device, 1e-4)
    found += compare("skip-gram", words_steps, device, 1e-4)
    found += compare("spectrogram", spectrograms, device, 1e-5)
    found += compare("metrics", mwe_metrics, device, 1e-9)
    return found + compare("metrics", siamese_metrics, device, 1e-6)
