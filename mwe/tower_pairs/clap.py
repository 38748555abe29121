"""CLAP as a tower pair, by the models of transformers.

Shape suffixes: B sounds or texts, T samples, D dimensions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mwe.core.errors import BadFileError
from mwe.core.extras import require_extra
from mwe.tower_pairs.protocol import NOT_STATED, PairDescription
from mwe.tower_pairs.weights import weights_folder

TEMPLATE = "This audio is a {} song."  # LAION's prompt for genres of music
FILES = ("model*.safetensors", "*.json", "merges.txt", "vocab.txt")
REQUIRED = ("model*.safetensors", "config.json")
REMEDY = "Give a folder that ClapModel and ClapProcessor saved, with safetensors."


class ClapPair(nn.Module):
    """A CLAP model with its processor.

    Excerpts are never longer than the model hears at once, so nothing is cropped at random, and a model with feature
    fusion hears them as it hears short sounds. The extractor of transformers marks a random sound of a batch of short
    ones as long; here none is, so a sound has the same vector in every batch.

    Args:
        folder: Folder that ``ClapModel`` and ``ClapProcessor`` saved, with safetensors.
        identity: Name of its space.
        licence: Licence of the weights.

    Raises:
        MissingDataError: The extra ``clap`` is not installed.
        BadFileError: The files cannot be used, or weights are missing.
    """

    def __init__(self, folder: Path, identity: str, licence: str = NOT_STATED) -> None:
        super().__init__()
        transformers = require_extra("transformers", "clap", "CLAP needs transformers")
        transformers.utils.logging.disable_progress_bar()
        loading: dict[str, Any]
        try:
            self.model, loading = transformers.ClapModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, output_loading_info=True
            )
            processor = transformers.ClapProcessor.from_pretrained(folder, local_files_only=True)
        except Exception as error:  # libraries raise what they like of damaged files; no code of the folder has run
            reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
            raise BadFileError(folder, f"not a CLAP model ({reason[0][:300]})", REMEDY) from error
        if missing := sorted(loading["missing_keys"]) or sorted(str(key) for key in loading["mismatched_keys"]):
            raise BadFileError(folder, f"the weights lack {missing[0]} as the configuration has it", REMEDY)
        self.model.eval().requires_grad_(False)
        self._extractor, self._tokenizer = processor.feature_extractor, processor.tokenizer
        self.description = PairDescription(
            identity,
            dim=self.model.config.projection_dim,
            sample_rate=self._extractor.sampling_rate,
            seconds=float(self._extractor.max_length_s),
            template=TEMPLATE,
            licence=licence,
        )

    @torch.inference_mode()
    def encode_audio(self, waveform_BT: Tensor, rate: int) -> Tensor:
        """Return vectors (B, D) of excerpts (B, T); shorter ones are repeated.

        Raises:
            ValueError: The rate is another than the model's, or an excerpt is longer than it hears at once.
        """
        if waveform_BT.shape[1] > self.description.samples:
            raise ValueError(f"excerpts of {waveform_BT.shape[1] / rate:g} s: at most {self.description.seconds:g} s")
        features = self._extractor([*waveform_BT.cpu().numpy()], sampling_rate=rate, return_tensors="pt")
        device = self.model.device
        mel, longer = features["input_features"].float().to(device), features["is_longer"].to(device)
        answer = self.model.get_audio_features(input_features=mel, is_longer=torch.zeros_like(longer))
        vector_BD: Tensor = answer.pooler_output
        return vector_BD

    @torch.inference_mode()
    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """Return vectors (B, D) of texts; the end of a text that is too long for the model is left out."""
        most = self.model.config.text_config.max_position_embeddings - 2
        tokens = self._tokenizer([*texts], padding=True, truncation=True, max_length=most, return_tensors="pt")
        on_device = {name: tokens[name].to(self.model.device) for name in ("input_ids", "attention_mask")}
        vector_BD: Tensor = self.model.get_text_features(**on_device).pooler_output
        return vector_BD


def open_clap(name: str) -> tuple[ClapPair, str]:
    """Open a CLAP model from a folder or the Hugging Face Hub; return it with its lasting name.

    Raises:
        MissingDataError: The folder is missing, or the Hub cannot be reached.
        BadFileError: The files cannot be used.
    """
    weights = weights_folder(name, REQUIRED, FILES, REMEDY)
    return ClapPair(weights.folder, weights.identity, weights.licence), weights.name
