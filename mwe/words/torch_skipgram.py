"""Skip-gram with negative sampling (eq. 1) by matrix products over blocks of tokens, through Lightning.

Words predict words as in word2vec: sub-sampling, a window drawn for each token, noise in proportion to count^0.75, a
rate that falls linearly. Two things differ. Noise tokens are shared within a block, so that a block costs a few matrix
products instead of a loop over pairs. And each row has its own rate (``RowAdagrad``): without it, the summed gradients
of frequent tokens diverge or IDs that occur once learn too little.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.nn.functional import pad

from mwe.core.manifest import manifest
from mwe.core.stage import datamodule_of
from mwe.core.trainers import passing_trainer
from mwe.corpora.paragraphs import CORPUS
from mwe.words.torch_adagrad import RowAdagrad
from mwe.words.torch_blocks import (
    Blocks,
    BlockSampler,
    Vectors,
    gradients,
    kept_share,
    mean_objective,
    noise_edges,
)
from mwe.words.torch_tokens import TokenChunk, TokenDataModule, token_kinds
from mwe.words.vectors import WordVectors

LEAST_RATE = 1e-4  # final share of the rate, as in word2vec


class SkipGram(LightningModule):
    """Input and output vectors of a vocabulary.

    Args:
        dim: Dimensions of a vector.
        window: Largest distance of two words that are trained together.
        negatives: Negative samples per pair.
        rate: Initial rate, the length of a vector's first step; it falls linearly.
        sample: Threshold of the sub-sampling of frequent words; 0 turns it off.
        block: Tokens per block. Larger blocks use a GPU better; smaller ones learn more per pass.
        noise: Noise tokens of a block, shared by its pairs.
        together: Blocks updated together; more make fewer and larger matrix products.
        workers: Threads on a CPU, without locks. With one thread, equal seeds give equal vectors.
        seed: Seed of the initial vectors and of all draws.
    """

    input_VD: nn.Parameter
    output_VD: nn.Parameter
    kept_V: Tensor
    noise_V: Tensor

    def __init__(
        self,
        dim: int = 300,
        window: int = 15,
        negatives: int = 20,
        rate: float = 2.0,
        sample: float = 1e-3,
        block: int = 64,
        noise: int = 128,
        together: int = 8,
        workers: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        sizes = {"dim": dim, "window": window, "negatives": negatives, "block": block, "noise": noise}
        for name, size in {**sizes, "together": together, "workers": workers}.items():
            if size < 1:
                raise ValueError(f"{name} must be 1 or more, not {size}")
        self.dim, self.window, self.negatives, self.rate, self.sample = dim, window, negatives, rate, sample
        self.block, self.noise, self.together, self.workers, self.seed = block, noise, together, workers, seed
        self.automatic_optimization = False

    def configure_model(self) -> None:
        """Make the tables: small random input vectors and zero output vectors, as in word2vec."""
        if hasattr(self, "input_VD"):
            return
        count_V = self._data.tokens.vocabulary.count_V
        generator = torch.Generator("cpu").manual_seed(self.seed)
        # on the CPU, so that all devices start from the same values
        start = torch.rand(len(count_V), self.dim, generator=generator, device="cpu")
        self.input_VD = nn.Parameter((start - 0.5) / self.dim)
        self.output_VD = nn.Parameter(torch.zeros_like(self.input_VD))
        self.register_buffer("kept_V", torch.from_numpy(kept_share(count_V, self.sample)), persistent=False)
        self.register_buffer("noise_V", torch.from_numpy(noise_edges(count_V)), persistent=False)

    def configure_optimizers(self) -> RowAdagrad:
        """Return the optimiser, with one rate per row."""
        return RowAdagrad([self.input_VD, self.output_VD])

    def on_fit_start(self) -> None:
        """Use one thread per matrix product: blocks are too small to be split."""
        self._threads = torch.get_num_threads()
        if self.device.type == "cpu":
            torch.set_num_threads(1)

    def on_fit_end(self) -> None:
        """Restore the number of threads."""
        torch.set_num_threads(self._threads)

    def training_step(self, batch: TokenChunk, batch_index: int) -> None:
        """Train on a chunk of the corpus, batch of blocks by batch."""
        number = int(batch.number)
        drawn = np.random.SeedSequence([self.seed, self.current_epoch, number]).generate_state(1, np.uint64)
        generator = torch.Generator(self.device).manual_seed(int(drawn[0] >> np.uint64(1)))
        alone = self.trainer.world_size == 1  # tensors exchanged between processes must have equal shapes
        sampler = BlockSampler(self.kept_V, self.noise_V, self.window, self.block, self.noise, whole=alone)
        blocks = self._of_equal_number(sampler.draw(batch.token, generator))
        optimizer = self.optimizers()
        cast(Any, optimizer).step(closure=partial(self._ascend_all, blocks))
        if len(blocks.input_BH):
            self.log("train/objective", self._objective(blocks.some(0, 1)), prog_bar=True, batch_size=1)

    def _ascend_all(self, blocks: Blocks) -> None:
        """Update on all blocks in order, or with each thread on its share of them."""
        count = len(blocks.input_BH)
        threads = self.workers if self.device.type == "cpu" and self.trainer.world_size == 1 else 1
        edges = [count * thread // threads for thread in range(threads + 1)]
        if threads == 1:
            self._ascend(blocks, 0, count)
            return
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(partial(self._ascend, blocks), edges[:-1], edges[1:]))

    @torch.no_grad()
    def _ascend(self, blocks: Blocks, first: int, stop: int) -> None:
        optimizer = cast(RowAdagrad, cast(Any, self.optimizers()).optimizer)
        steps = float(self.trainer.estimated_stepping_batches)
        for start in range(first, stop, self.together):
            progress = (self.trainer.global_step + start / len(blocks.input_BH)) / steps
            rate = self.rate * max(LEAST_RATE, 1 - progress)
            batch = blocks.some(start, min(start + self.together, stop))
            derivatives = gradients(self._looked_up(batch), batch.pair_BLH, self.negatives)
            for table, rows, gradient in (
                (self.input_VD, batch.input_BH, derivatives.input_BHD),
                (self.output_VD, batch.output_BL, derivatives.output_BLD),
                (self.output_VD, batch.noise_BN, derivatives.noise_BND),
            ):
                optimizer.ascend(table, self._of_all(rows.flatten()), self._of_all(gradient.flatten(0, 1)), rate)

    def _looked_up(self, blocks: Blocks) -> Vectors:
        return Vectors(
            _rows(self.input_VD, blocks.input_BH),
            _rows(self.output_VD, blocks.output_BL),
            _rows(self.output_VD, blocks.noise_BN),
        )

    def _of_all(self, tensor: Tensor) -> Tensor:
        """Gather the rows of all processes, so that every process takes the same step."""
        if self.trainer.world_size == 1:
            return tensor
        parts = [torch.empty_like(tensor) for _ in range(self.trainer.world_size)]
        torch.distributed.all_gather(parts, tensor.contiguous())
        return torch.cat(parts)

    def _of_equal_number(self, blocks: Blocks) -> Blocks:
        """Pad with empty blocks to the largest number of any process, since each block needs one exchange."""
        if self.trainer.world_size == 1:
            return blocks
        mine = torch.tensor([len(blocks.input_BH)], device=self.device)
        missing = int(self._of_all(mine).max()) - len(blocks.input_BH)
        return Blocks(*(pad(part, (0, 0) * (part.dim() - 1) + (0, missing)) for part in blocks))

    @torch.no_grad()
    def _objective(self, blocks: Blocks) -> Tensor:
        """Return the mean objective of the pairs of blocks."""
        return mean_objective(self._looked_up(blocks), blocks.pair_BLH, self.negatives)

    @property
    def _data(self) -> TokenDataModule:
        return datamodule_of(self, TokenDataModule)

    def words(self) -> WordVectors:
        """Return the trained input vectors."""
        data = self._data
        tokens = data.tokens.vocabulary.tokens
        digest = data.tokens.corpus_sha256
        settings = {**self.hparams, "trainer": "torch", "epochs": self.trainer.max_epochs, "min_count": data.min_count}
        made = manifest({CORPUS: digest}, settings, {"tokens": len(tokens)}, ("torch", "numpy"))
        kinds = token_kinds(data.corpus, tokens, digest)
        return WordVectors(tokens, self.input_VD.detach().cpu().numpy(), kinds, made)


def _rows(table_VD: Tensor, row_BL: Tensor) -> Tensor:
    # indexing by a tensor takes four times as long on a CPU
    return table_VD.index_select(0, row_BL.flatten()).view(*row_BL.shape, -1)


class KeepWords(Callback):
    """Writes the word vectors at the end of a training, on one process.

    Args:
        out: Folder of the word vectors.
    """

    def __init__(self, out: str) -> None:
        self.out = Path(out)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the vectors."""
        if trainer.is_global_zero:
            cast(SkipGram, pl_module).words().save(self.out)


def train_blocks(
    corpus: Path, model: SkipGram, epochs: int, min_count: int, accelerator: str, devices: int | str
) -> WordVectors:
    """Train on a training file with a Trainer that writes nothing to disk.

    Args:
        corpus: The training file.
        model: The model to train.
        epochs: Passes over the corpus.
        min_count: Tokens that occur less often are dropped.
        accelerator: As Lightning's Trainer takes it.
        devices: As Lightning's Trainer takes it.
    """
    trainer = passing_trainer(max_epochs=epochs, accelerator=accelerator, devices=devices)
    trainer.fit(model, datamodule=TokenDataModule(str(corpus), min_count))
    return model.words()
