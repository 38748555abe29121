"""Prediction of audio files into shards: a resumable Lightning ``predict`` job on any number of devices.

Every process writes separate, complete shards, so an interrupted job resumes with the files that are not in a shard.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import BasePredictionWriter
from pytorch_lightning.utilities import rank_zero_only
from torch.utils.data import DataLoader

from mwe.audio import ffmpeg
from mwe.audio.clips import ERROR
from mwe.audio.shards import FileStamp
from mwe.core.progress import advancing
from mwe.core.trainers import passing_trainer

Track = tuple[str, Path]
"""A track and its audio file."""


class Hardware(NamedTuple):
    """Hardware of a predict job; as in the Lightning trainer.

    Attributes:
        workers: Decoding processes per device.
        devices: Devices per node.
        nodes: Nodes.
        accelerator: ``auto``, ``cpu`` or ``gpu``.
        strategy: ``auto``, ``ddp`` and so on.
    """

    workers: int = 2
    devices: int | str = "auto"
    nodes: int = 1
    accelerator: str = "auto"
    strategy: str = "auto"

    def trainer(self, *callbacks: Callback) -> Trainer:
        """Return a trainer on this hardware."""
        return passing_trainer(
            *callbacks,
            bar=False,
            devices=self.devices,
            num_nodes=self.nodes,
            accelerator=self.accelerator,
            strategy=self.strategy,
        )


class ShardWriter(Protocol):
    """Collects the results of one process and writes them as shards."""

    def extend(self, results: Iterable[Any]) -> None:
        """Add the results of a batch."""

    def flush(self) -> None:
        """Write the collected results, if any, as one shard."""


class PredictionShards(BasePredictionWriter):
    """Passes the predictions of each process to its shard writer.

    Args:
        open_writer: Returns the writer of a process for its ``rank``.
        results_of: Returns the results of a batch from the batch and its prediction.

    Attributes:
        stopped: Whether the user stopped the run.
    """

    def __init__(self, open_writer: Callable[..., ShardWriter], results_of: Callable[..., Collection[Any]]) -> None:
        super().__init__("batch")
        self._open_writer, self._results_of = open_writer, results_of
        self._writer: ShardWriter | None = None
        self._advance: Callable[[int], None] | None = None
        self.stopped = False

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the display of progress, which belongs to the process that started the others."""
        return {**self.__dict__, "_advance": None}

    @contextmanager
    def showing_progress(self, files: int) -> Iterator[None]:
        """Show the progress of the first process while the context is open."""
        if rank_zero_only.rank != 0:  # type: ignore[attr-defined]
            yield
            return
        with advancing("reading files", files) as self._advance:
            yield
        self._advance = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Open the writer of this process."""
        super().setup(trainer, pl_module, stage)
        self._writer = self._open_writer(rank=trainer.global_rank)

    def write_on_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        prediction: Any,
        batch_indices: Sequence[int] | None,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int,
    ) -> None:
        """Pass on the results of a batch."""
        assert self._writer is not None
        results = self._results_of(batch, prediction)
        self._writer.extend(results)
        if self._advance is not None:
            self._advance(len(results) * trainer.world_size)

    def flush(self) -> None:
        """Write the results collected since the last shard, if any."""
        if self._writer is not None:
            self._writer.flush()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write the last shard, and wait until every process has done so."""
        self.flush()
        trainer.strategy.barrier(type(self).__name__)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Write the results if the user stops the run, but not after other errors, which may be caused by writing."""
        if isinstance(exception, KeyboardInterrupt):
            self.stopped = True
            self.flush()


def unfinished(tracks: Iterable[Track], outcome_of: Callable[[str], tuple[FileStamp, str] | None]) -> list[Track]:
    """Return tracks never tried, with an unexpected error or a reader missing before, or with a changed file.

    Args:
        tracks: Tracks and files.
        outcome_of: Returns the state of a track's file when it was read, and its outcome; None if never tried.
    """
    retried = {ERROR, "needs-extra"} if ffmpeg.is_installed() else {ERROR}
    outcomes = ((track_id, Path(path), outcome_of(track_id)) for track_id, path in tracks)
    return [
        (track_id, path)
        for track_id, path, outcome in outcomes
        if outcome is None or outcome[1] in retried or outcome[0] != FileStamp.of(path)
    ]


def predict_to_shards(
    model: LightningModule,
    tracks: Sequence[Track],
    loader_of: Callable[[list[Track]], DataLoader[Any]],
    shards: PredictionShards,
    hardware: Hardware,
) -> None:
    """Run audio files through a model, and write shards.

    Args:
        model: Model with a ``predict_step``.
        tracks: Tracks and files, at least one.
        loader_of: Returns the loader of a list of tracks.
        shards: Writer of the predictions.
        hardware: Hardware of the job.

    Raises:
        KeyboardInterrupt: The user stopped the job; what was computed is written.
    """
    trainer = hardware.trainer(shards)
    # every process needs a batch; a file read twice is stored twice, and the later result counts
    items = [*tracks] * -(-trainer.world_size // len(tracks))
    with shards.showing_progress(len(items)):
        try:
            trainer.predict(model, loader_of(items), return_predictions=False)
        except SystemExit as ending:  # Lightning's, without a word
            if shards.stopped:
                raise KeyboardInterrupt from ending
            raise


@contextmanager
def telling_what_is_kept(count: Callable[[], int]) -> Iterator[None]:
    """If the user stops the enclosed work, say how many files it has finished.

    Args:
        count: Returns the number of finished files.

    Raises:
        KeyboardInterrupt: The user stopped it; the text says what is kept.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(f"{count():,} files are kept; run the same command to go on") from stop
