"""Joint learning of audio and words (section III-B): training, validation and test.

Shape suffixes: B tracks or excerpts of a batch, E excerpts, D dimensions of the joint space, T tags, W of word vectors.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal, cast

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor, nn

from mwe.audio.preprocessing import Preprocessing
from mwe.core.errors import StaleArtefactError, WrongSplitError
from mwe.core.hyperparameters import keep_hyperparameters
from mwe.core.runs import run_dir
from mwe.encoders import AudioEncoder
from mwe.joint.audio_word_data import SUPERVISIONS
from mwe.joint.context_queries import Measured, measure
from mwe.joint.losses import AnchorLoss, PrototypeLoss, Triplet
from mwe.joint.pretrained import Average, pretrained_folder
from mwe.joint.supervision import PrototypeSet
from mwe.joint.tag_encoders import ContextTags, TagEncoder, UntrainedWords, WordTags
from mwe.joint.towers import JointTowers, mean_of_excerpts
from mwe.joint.tracks import TrackModule
from mwe.words.context_vectors import Pair


class JointEmbedding(TrackModule):
    """Audio encoder f and semantic encoder g into one space, learnt by the weighted losses of eq. 4.

    Tags, artists, tracks and their word vectors come from the datamodule. A model trained on one collection can
    therefore be tested on another: the model itself depends only on the dimensions of the word vectors.

    Args:
        word_dim: Dimensions of the word vectors; the command line takes it from the data.
        encoder: Audio encoder f.
        loss: Loss of each supervision: ``Triplet`` (the paper's, the default) or ``InfoNCE``. Each supervision learns
            its own parameters of the loss.
        optimizer: Makes the optimiser.
        scheduler: Makes the learning-rate schedule.
        scheduler_interval: When to step the schedule: every epoch or every training step.
        tag: Weight of tag supervision in eq. 4.
        artist: Weight of artist supervision.
        track: Weight of track supervision.
        context: Weight of supervision by tags in context (``TagsInContext`` of the data), which have a separate
            encoder beside g. If it is the only weight, g is not trained.
        average: Vectors whose mean is a track's embedding: the ``unit`` vectors of its excerpts, or the ``raw`` ones,
            as in the published code.
        compile_encoder: Arguments of ``torch.compile`` for the encoder, such as ``{}``; by default not compiled.
    """

    tag_vectors: Tensor

    def __init__(
        self,
        word_dim: int,
        encoder: AudioEncoder,
        loss: PrototypeLoss | None = None,
        optimizer: OptimizerCallable = torch.optim.Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "epoch",
        tag: float = 1.0,
        artist: float = 0.0,
        track: float = 0.0,
        context: float = 0.0,
        average: Average = "unit",
        compile_encoder: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(encoder, optimizer, scheduler, scheduler_interval, compile_encoder)
        keep_hyperparameters(self, injected=("encoder", "loss", "optimizer", "scheduler"))
        weights = {"tag": tag, "artist": artist, "track": track, "context": context}
        if min(weights.values()) < 0 or not any(weights.values()):
            raise ValueError(f"weights of supervisions must be 0 or more, and at least one above 0, not {weights}")
        self.weights = {name: weight for name, weight in weights.items() if weight > 0}
        self.average = average
        learns_words = set(self.weights) != {"context"}
        self.semantic = (nn.Linear if learns_words else UntrainedWords)(word_dim, encoder.width)
        # lazy: the data or a checkpoint determines the input dimensions
        self.contextual = nn.LazyLinear(encoder.width) if context > 0 else None
        self.tag_encoder: TagEncoder = WordTags(self.semantic)
        if self.contextual is not None and not learns_words:
            self.tag_encoder = ContextTags(self.contextual)
        self.context_identity = ""
        self.measured: Measured | None = None
        self.criteria = nn.ModuleDict({name: deepcopy(loss or Triplet()) for name in self.weights})
        self.train_prototypes = nn.ModuleDict()
        self.valid_prototypes = nn.ModuleDict()
        self.preprocessing: Preprocessing | None = None

    @classmethod
    def from_pretrained(cls, name: str | Path) -> "JointEmbedding":
        """Load a model that ``mwe export`` wrote, in evaluation mode.

        Args:
            name: Folder of the model. If there is no such folder: name on the Hugging Face Hub (``owner/name`` or
                ``owner/name@revision``).

        Raises:
            MissingDataError: There is no such model.
            BadFileError: The model is damaged, or its configuration names an unknown class.
        """
        towers = JointTowers.from_folder(pretrained_folder(name))
        described = towers.described
        model = cls(described.word_dim, towers.encoder, average=described.average)
        model.semantic.load_state_dict(towers.semantic.state_dict())
        model.hparams["encoder"] = described.encoder
        model.preprocessing = described.preprocessing
        return model.eval()

    def setup(self, stage: str) -> None:
        """Take word vectors, prototypes and positives from the datamodule."""
        data = self.data
        self.register_buffer("tag_vectors", torch.from_numpy(self.tag_encoder.vectors(data)), persistent=False)
        if self.contextual is not None:
            self.context_identity = data.in_context.source.identity
            self.contextual(torch.zeros(1, data.in_context.source.dim, device=self.device))  # initialises its weights
        if stage == "fit":
            self.train_prototypes = self._prototypes("train")
            self._require_prototypes()
        if stage in ("fit", "validate"):
            self.valid_prototypes = self._prototypes("valid")
        super().setup(stage)

    def on_fit_start(self) -> None:
        """Record the preprocessing. That of published spectrograms is unknown."""
        super().on_fit_start()
        data = self.data
        if data.mel is not None:
            self.preprocessing = Preprocessing(data.store.settings, data.seconds, data.test_excerpts)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save the preprocessing, so that audio can be embedded without the mel store."""
        if self.preprocessing is not None:
            checkpoint["preprocessing"] = self.preprocessing.to_dict()
        if self.contextual is not None:
            checkpoint["context"] = self.context_identity

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the preprocessing, and check the tags in context that the model was trained with.

        Raises:
            StaleArtefactError: The data has other tags in context.
        """
        if "preprocessing" in checkpoint:
            self.preprocessing = Preprocessing.from_dict(checkpoint["preprocessing"])
        # load_from_checkpoint passes the encoder as an object, so its configuration is not among the hyperparameters
        self.hparams.setdefault("encoder", checkpoint.get(self.CHECKPOINT_HYPER_PARAMS_KEY, {}).get("encoder"))
        trained_with = checkpoint.get("context", "")
        if self.context_identity not in ("", trained_with):
            raise StaleArtefactError(
                f"the checkpoint was trained with other tags in context ({trained_with}) than the data has "
                f"({self.context_identity}). Pass the folder that it was trained with, or train it again."
            )
        self.context_identity = trained_with

    def rows(self, excerpts_BED: Tensor) -> Tensor:
        """Return track embeddings: the mean over the excerpts of each track, (B, D)."""
        return mean_of_excerpts(excerpts_BED, self.average)

    def prototype(self, words: Tensor) -> Tensor:
        """Encode word vectors (..., word_dim) by the semantic encoder g.

        Raises:
            StaleArtefactError: The model learnt from tags in context alone.
        """
        encoded: Tensor = self.semantic(words)
        return encoded

    def in_context(self, vectors: Tensor) -> Tensor:
        """Encode the vectors of pairs of a tag and a context.

        Raises:
            StaleArtefactError: The model did not learn from tags in context.
        """
        if self.contextual is None:
            raise StaleArtefactError("this model did not learn from tags in context: its weight of `context` is 0.")
        encoded: Tensor = self.contextual(vectors)
        return encoded

    def tag_rows(self) -> Tensor:
        """Return the prototypes of the collection's tags, (T, D)."""
        return self.tag_encoder(self.tag_vectors)

    def usable_tags(self) -> Tensor:
        """Return which tags have a word vector or, for a model without words, a contextual vector."""
        return torch.from_numpy(self.tag_encoder.known(self.data))

    def loss_weights(self) -> dict[str, float]:
        """Return the weights of eq. 4 that are not 0."""
        return self.weights

    def valid_parts(self) -> Sequence[str]:
        """Return the supervisions with two or more prototypes among the validation tracks."""
        return tuple(self.valid_prototypes)

    def losses(self, excerpt_BD: Tensor, track_B: Tensor) -> Iterator[tuple[str, AnchorLoss]]:
        """Yield the terms of eq. 4."""
        prototypes = self.train_prototypes if self.training else self.valid_prototypes
        for name in SUPERVISIONS:
            if name in prototypes:
                prototype_set = cast(PrototypeSet, prototypes[name])
                encode = self.in_context if name == "context" else self.prototype
                yield name, self.criteria[name](excerpt_BD, track_B, prototype_set, encode)

    def on_test_end(self) -> None:
        """Write the tables of tags and of queries in context into the run folder."""
        super().on_test_end()
        run = run_dir(self.trainer)
        if run is not None and self.trainer.is_global_zero and self.measured is not None:
            self.measured.write(run, self.data.tracks)

    def _figures(self) -> dict[str, Tensor]:
        figures, data = super()._figures(), self.data
        if self.trainer.testing and data.context is not None and data.context.queries and self.retrieval is not None:
            assert self.retrieval.computed is not None
            ids_N, row_ND = self.retrieval.computed
            queries = data.in_context.queries(data.positions("test"))
            in_context = None if self.contextual is None else self._pair_rows
            self.measured = measure(data.tracks, ids_N, row_ND, queries, self._tag_rows_of, in_context)
            figures |= self.measured.means()
        return figures

    def _pair_rows(self, pairs: Sequence[Pair]) -> Tensor:
        """Return the rows of pairs in the joint space, (P, D)."""
        return self.in_context(torch.from_numpy(self.data.in_context.embed(pairs)).to(self.device)).detach()

    def _tag_rows_of(self, pairs: Sequence[Pair]) -> Tensor:
        """Return the rows of pairs without context, (P, D)."""
        vectors = torch.from_numpy(self.tag_encoder.vectors_of(self.data, pairs))
        return self.tag_encoder(vectors.to(self.device)).detach()

    def _prototypes(self, split: Literal["train", "valid"]) -> nn.ModuleDict:
        """Return the prototypes of each supervision with two or more among the tracks of a split.

        Raises:
            WrongSplitError: Prototypes were taken from other tracks, or from unseen tags.
        """
        prototypes = {name: self.data.supervision(name, split) for name in SUPERVISIONS if name in self.weights}
        for name, taken in prototypes.items():
            if taken.split != (expected := "seen" if name == "tag" else split):
                raise WrongSplitError(taken.split, expected)
        return nn.ModuleDict(
            {name: prototype_set for name, prototype_set in prototypes.items() if len(prototype_set) >= 2}
        )

    def _require_prototypes(self) -> None:
        """Check that every supervision with a weight has prototypes to train on.

        Raises:
            ValueError: A supervision has fewer than two.
        """
        for name in self.weights:
            if name not in self.train_prototypes:
                raise ValueError(
                    f"{name} supervision needs two or more {name}s of training tracks with a word vector, which "
                    f"{self.data.words_folder} lacks for {self.data.tracks.name}. Train the words on a corpus with "
                    f"them, or set the weight of {name} to 0."
                )
