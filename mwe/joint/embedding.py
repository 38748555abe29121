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
from torch.nn.functional import normalize

from mwe.audio.preprocessing import Preprocessing
from mwe.core.errors import BadFileError, StaleArtefactError
from mwe.core.hyperparameters import keep_hyperparameters
from mwe.core.runs import run_dir
from mwe.encoders import AudioEncoder
from mwe.joint.context_queries import Measured, measure
from mwe.joint.datamodule import SUPERVISIONS
from mwe.joint.losses import AnchorLoss, PrototypeLoss, Triplet
from mwe.joint.pretrained import CONFIG, REMEDY, build_encoder, load_weights, pretrained_folder, read_description
from mwe.joint.supervision import PrototypeSet
from mwe.joint.tracks import TrackModule
from mwe.words.context import Pair


class JointEmbedding(TrackModule):
    """Audio encoder f and semantic encoder g into one space, learnt by the weighted losses of eq. 4.

    Tags, artists, tracks and their word vectors come from the datamodule, so a model trained on one collection is
    tested on another; only the dimensions of the word vectors are part of the model.

    Args:
        word_dim: Dimensions of the word vectors; the command line takes it from the data.
        encoder: Audio encoder f.
        loss: Loss of each supervision: ``Triplet`` (the paper's, the default) or ``InfoNCE``. What a loss learns, it
            learns for each supervision apart.
        optimizer: Makes the optimiser.
        scheduler: Makes the learning-rate schedule.
        scheduler_interval: Whether the schedule is stepped every epoch or every training step.
        tag: Weight of tag supervision in eq. 4.
        artist: Weight of artist supervision.
        track: Weight of track supervision.
        context: Weight of supervision by tags in context (``TagsInContext`` of the data), which have an encoder of
            their own beside g. With it and no other weight nothing is learnt of words.
        average: What a track's embedding is the mean of: the ``unit`` vectors of its excerpts, or the ``raw`` ones, as
            in the published code.
        compile_encoder: Arguments of ``torch.compile`` for the encoder, such as ``{}``; none leaves it as it is.
    """

    tag_words: Tensor

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
        average: Literal["unit", "raw"] = "unit",
        compile_encoder: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(encoder, optimizer, scheduler, scheduler_interval, compile_encoder)
        keep_hyperparameters(self, injected=("encoder", "loss", "optimizer", "scheduler"))
        weights = {"tag": tag, "artist": artist, "track": track, "context": context}
        if min(weights.values()) < 0 or not any(weights.values()):
            raise ValueError(f"weights of supervisions must be 0 or more and one above 0, not {weights}")
        self.weights = {name: weight for name, weight in weights.items() if weight > 0}
        self.average = average
        self.semantic = nn.Linear(word_dim, encoder.width)
        # of the dimensions of the data's vectors; a checkpoint brings them along
        self.contextual = nn.LazyLinear(encoder.width) if context > 0 else None
        self.wordless = set(self.weights) == {"context"}
        if self.wordless:  # all processes of a distributed training would wait for its gradient
            self.semantic.requires_grad_(False)
        self.context_identity = ""
        self.measured: Measured | None = None
        self.criteria = nn.ModuleDict({name: deepcopy(loss or Triplet()) for name in self.weights})
        self.train_prototypes = nn.ModuleDict()
        self.valid_prototypes = nn.ModuleDict()
        self.preprocessing: Preprocessing | None = None

    @classmethod
    def from_pretrained(cls, name: str | Path) -> "JointEmbedding":
        """A model that ``mwe export`` wrote, in evaluation mode.

        Args:
            name: Its folder, or where there is no such folder its name on the Hugging Face Hub (``owner/name``, maybe
                ``owner/name@revision``).

        Raises:
            MissingDataError: There is no such model.
            BadFileError: The model is damaged, or its configuration names a class that is not known.
        """
        folder = pretrained_folder(name)
        described = read_description(folder)
        try:
            with torch.device("meta"):
                model = cls(described.word_dim, build_encoder(described.encoder), average=described.average)
        except (ValueError, RuntimeError, TypeError) as error:
            raise BadFileError(folder / CONFIG, f"no such model can be built ({error})", REMEDY) from error
        load_weights(model, folder)
        model.hparams["encoder"] = described.encoder
        model.preprocessing = described.preprocessing
        return model.eval()

    def setup(self, stage: str) -> None:
        """Take word vectors, prototypes and positives from the datamodule."""
        data = self.data
        tags_TW = data.in_context.alone() if self.wordless else data.words.tag
        self.register_buffer("tag_words", torch.from_numpy(tags_TW), persistent=False)
        if self.contextual is not None:
            self.context_identity = data.in_context.source.identity
            self.contextual(torch.zeros(1, data.in_context.source.dim, device=self.device))  # makes its weights
        if stage == "fit":
            self.train_prototypes = self._prototypes("train")
            self._require_prototypes()
        if stage in ("fit", "validate"):
            self.valid_prototypes = self._prototypes("valid")
        super().setup(stage)

    def on_fit_start(self) -> None:
        """Note what audio has to become for this model; of spectrograms that a collection publishes it is not known."""
        data = self.data
        if data.mel is not None:
            self.preprocessing = Preprocessing(data.store.settings, data.seconds, data.test_excerpts)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the preprocessing, so that audio can be embedded where the mel store is gone."""
        if self.preprocessing is not None:
            checkpoint["preprocessing"] = self.preprocessing.to_dict()
        if self.contextual is not None:
            checkpoint["context"] = self.context_identity

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the preprocessing from where it was kept, and what tags in context it was trained with.

        Raises:
            StaleArtefactError: The data has others.
        """
        if "preprocessing" in checkpoint:
            self.preprocessing = Preprocessing.from_dict(checkpoint["preprocessing"])
        # a model that is made of its checkpoint gets its encoder ready-made, and would not know what from
        self.hparams.setdefault("encoder", checkpoint.get(self.CHECKPOINT_HYPER_PARAMS_KEY, {}).get("encoder"))
        trained_with = checkpoint.get("context", "")
        if self.context_identity not in ("", trained_with):
            raise StaleArtefactError(
                f"the checkpoint was trained with other tags in context ({trained_with}) than the data has "
                f"({self.context_identity}). Give the folder it was trained with, or train anew."
            )
        self.context_identity = trained_with

    def rows(self, excerpts_BED: Tensor) -> Tensor:
        """Track embeddings: the mean over a track's excerpts, (B, D)."""
        excerpts_BED = excerpts_BED.float()
        return (normalize(excerpts_BED, dim=-1) if self.average == "unit" else excerpts_BED).mean(dim=1)

    def prototype(self, words: Tensor) -> Tensor:
        """Semantic encoder g on word vectors (..., word_dim).

        Raises:
            StaleArtefactError: The model learnt from tags in context alone.
        """
        if self.wordless:
            raise StaleArtefactError(
                "this model learnt from tags in context alone and knows no words. Train it with a weight of `tag` too."
            )
        encoded: Tensor = self.semantic(words)
        return encoded

    def in_context(self, vectors: Tensor) -> Tensor:
        """Encoder of tags in context, on the vectors of pairs of a tag and a context.

        Raises:
            StaleArtefactError: The model did not learn from tags in context.
        """
        if self.contextual is None:
            raise StaleArtefactError("this model did not learn from tags in context: its weight of `context` is 0.")
        encoded: Tensor = self.contextual(vectors)
        return encoded

    def tag_rows(self) -> Tensor:
        """The prototypes of the collection's tags, (T, D)."""
        return (self.in_context if self.wordless else self.prototype)(self.tag_words)

    def usable_tags(self) -> Tensor:
        """Tags that have a word vector; of a model that knows no words, those that are known in contexts."""
        return torch.from_numpy(self.data.in_context.known_T if self.wordless else self.data.words.tag_known)

    def loss_weights(self) -> dict[str, float]:
        """The weights of eq. 4 that are not 0."""
        return self.weights

    def valid_parts(self) -> Sequence[str]:
        """Supervisions that validation tracks have two or more prototypes of."""
        return tuple(self.valid_prototypes)

    def losses(self, excerpt_BD: Tensor, track_B: Tensor) -> Iterator[tuple[str, AnchorLoss]]:
        """The terms of eq. 4."""
        prototypes = self.train_prototypes if self.training else self.valid_prototypes
        for name in SUPERVISIONS:
            if name in prototypes:
                own = cast(PrototypeSet, prototypes[name])
                encode = self.in_context if name == "context" else self.prototype
                yield name, self.criteria[name](excerpt_BD, track_B, own, encode)

    def on_test_end(self) -> None:
        """Write the tables of tags and of queries in context into the run folder."""
        super().on_test_end()
        run = run_dir(self.trainer)
        if run is not None and self.trainer.is_global_zero and self.measured is not None:
            self.measured.write(run, self.data.tracks)

    def _figures(self) -> dict[str, Tensor]:
        found, data = super()._figures(), self.data
        if self.trainer.testing and data.context is not None and data.context.queries and self.retrieval is not None:
            assert self.retrieval.computed is not None
            ids_N, row_ND = self.retrieval.computed
            queries = data.in_context.queries(data.places("test"))
            learnt = None if self.contextual is None else self._pair_rows
            alone = self._pair_rows if self.wordless else self._tag_rows_of
            self.measured = measure(data.tracks, ids_N, row_ND, queries, alone, learnt)
            found |= self.measured.means()
        return found

    def _pair_rows(self, pairs: Sequence[Pair]) -> Tensor:
        """Rows of pairs in the joint space, (P, D)."""
        return self.in_context(torch.from_numpy(self.data.in_context.embed(pairs)).to(self.device)).detach()

    def _tag_rows_of(self, pairs: Sequence[Pair]) -> Tensor:
        """Rows of the tags of pairs, by their words alone, (P, D)."""
        found = self.data.vectors.of_tags([one.tag for one in pairs])
        return self.prototype(torch.from_numpy(found.vectors).to(self.device)).detach()

    def _prototypes(self, split: Literal["train", "valid"]) -> nn.ModuleDict:
        """The prototypes of each supervision that has two or more among the tracks of a split."""
        found = {name: self.data.supervision(name, split) for name in SUPERVISIONS if name in self.weights}
        return nn.ModuleDict(
            {name: PrototypeSet(own.vectors, own.belongs) for name, own in found.items() if len(own.vectors) >= 2}
        )

    def _require_prototypes(self) -> None:
        """Every supervision with a weight must have prototypes to train on.

        Raises:
            ValueError: One has fewer than two.
        """
        for name in self.weights:
            if name not in self.train_prototypes:
                raise ValueError(
                    f"{name} supervision needs two or more {name}s of training tracks with a word vector, which "
                    f"{self.data.words_folder} lacks for {self.data.tracks.name}. Train the words on a corpus with "
                    f"them, or set the weight of {name} to 0."
                )
