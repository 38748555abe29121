"""Export of the audio tower for other programs: an ONNX graph from log-mel excerpts to unit vectors of tracks.

Shape suffixes: B tracks, E excerpts, L frames, M mel bands, D dimensions.
"""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim
from torch.nn.functional import normalize

from mwe.core.errors import StaleArtefactError
from mwe.core.extras import require_extra
from mwe.core.files import atomic_write
from mwe.joint import JointEmbedding
from mwe.joint.towers import JointTowers
from mwe.search.model import TrainedModel

TOWER = "audio_tower.onnx"
TOLERANCE = 1e-4  # per number of a unit vector
COMPARED = ((1, 1), (2, 3), (3, 8))  # tracks and excerpts of the comparisons


class AudioTower(nn.Module):
    """Maps excerpts of tracks to unit vectors, as in an index.

    Args:
        model: The joint embedding.
    """

    def __init__(self, model: JointEmbedding | JointTowers) -> None:
        super().__init__()
        self.encoder, self.rows = model.encoder, model.rows

    def forward(self, mel: Tensor) -> Tensor:
        """Embed log-mel excerpts (B, E, L, M) as vectors (B, D)."""
        tracks, excerpts, frames, bands = mel.shape
        encoded = self.encoder(mel.reshape(tracks * excerpts, frames, bands))
        return normalize(self.rows(encoded.reshape(tracks, excerpts, -1)), dim=-1)


def export_tower(trained: TrainedModel, path: Path) -> float:
    """Write the graph and compare it with PyTorch on noise.

    The input ``mel`` is float32 (tracks, excerpts, frames, mel bands), the first two of any size; the output
    ``embedding`` is (tracks, dimensions). The metadata contain preprocessing and embedding space.

    Args:
        trained: The trained model.
        path: The file.

    Returns:
        The largest difference.

    Raises:
        MissingDataError: The extra ``onnx`` is not installed.
        StaleArtefactError: The graph differs from the model.
    """
    needs = "the export to ONNX needs onnx, onnxscript and onnxruntime"
    onnx, _, runtime = (require_extra(name, "onnx", needs) for name in ("onnx", "onnxscript", "onnxruntime"))
    # hides a warning about torchvision, which is not needed
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    preprocessing, tower = trained.preprocessing, AudioTower(trained.model).eval()
    frames, bands = preprocessing.mel.frames(preprocessing.seconds), preprocessing.mel.n_mels
    with torch.no_grad():
        program: Any = torch.onnx.export(
            tower,
            (torch.zeros(2, 3, frames, bands),),
            input_names=["mel"],
            output_names=["embedding"],
            dynamic_shapes=({0: Dim("tracks"), 1: Dim("excerpts")},),
            dynamo=True,
            verbose=False,
        )
    model = program.model_proto
    metadata = {"embedding_space": trained.space, "preprocessing": json.dumps(preprocessing.to_dict(), sort_keys=True)}
    onnx.helper.set_model_props(model, metadata)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    difference = max(_difference(session, tower, (*sizes, frames, bands)) for sizes in COMPARED)
    if not difference <= TOLERANCE:
        raise StaleArtefactError(
            f"the graph differs from the model by {difference:.1e}, more than {TOLERANCE:g}, so it was not written. "
            "Report it with the versions of torch, onnx and onnxruntime."
        )
    with atomic_write(path) as temporary:
        onnx.save_model(model, str(temporary))
    return difference


@torch.no_grad()
def _difference(session: Any, tower: AudioTower, shape: tuple[int, ...]) -> float:
    generator = torch.Generator().manual_seed(0)
    strong = torch.rand((shape[0], 1, 1, shape[3]), generator=generator) < 0.2  # each track has different bands
    mel_BELM = 4 * strong * torch.rand(shape, generator=generator)  # log-mel is between 0 and 5
    (graph_BD,) = session.run(None, {"mel": mel_BELM.numpy()})
    return float(np.abs(graph_BD - tower(mel_BELM).numpy()).max())
