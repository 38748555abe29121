"""Export of the contextual embedding of a run as arrays for other programs.

``mwe.core.context_arrays`` documents the arrays.

Shape suffixes: T tags, M members, E dimensions of a member, Z = E + 1, F features, C topics, H hidden units.
"""

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from mwe.core.context_arrays import ARRAYS, DECLARATION, FORMAT
from mwe.core.errors import BadFileError
from mwe.core.files import read_json, sha256, write_json, written_together
from mwe.core.manifest import PACKAGES, fits, manifest
from siamese_tags.checkpoints import checkpoint_path
from siamese_tags.contextual.spaces import EncoderSpace, NetworkSpace, Space, load_space
from siamese_tags.masked.encoder import ContextEncoder
from siamese_tags.masked.members import MemberLinear, MemberNorm


def export(run: str, folder: Path) -> str:
    """Write the contextual embedding of a run, unless the folder already holds it.

    Args:
        run: Run folder or checkpoint of a Siamese stage or a context encoder.
        folder: Folder of the arrays.

    Returns:
        A one-line summary.
    """
    inputs = {"checkpoint": sha256(checkpoint_path(run, run, ""))}
    if _exported_before(folder, manifest(inputs, {})):
        return f"the contextual embedding of {run} is already in {folder}"
    space, tags = load_space(run)
    kind, arrays = _arrays(space)
    with written_together(folder, DECLARATION) as staging:
        np.savez(staging / ARRAYS, allow_pickle=False, **arrays)
        made = manifest(inputs, {}, {"tags": len(tags)}, PACKAGES)
        content = {"format": FORMAT, "kind": kind, "tags": list(tags), "arrays": sha256(staging / ARRAYS), "made": made}
        write_json(staging / DECLARATION, content)
    return f"contextual embedding of {len(tags):,} tags ({kind}) in {folder}"


def _exported_before(folder: Path, expected: dict[str, Any]) -> bool:
    """Return whether a folder already holds the complete arrays of this checkpoint."""
    if not (folder / DECLARATION).is_file() or not (folder / ARRAYS).is_file():
        return False
    try:
        content = read_json(folder / DECLARATION)
    except BadFileError:
        return False
    if not isinstance(content, dict) or content.get("format") != FORMAT or not fits(content.get("made"), expected):
        return False
    return bool(content.get("arrays") == sha256(folder / ARRAYS))


@torch.no_grad()
def _arrays(space: Space) -> tuple[str, dict[str, np.ndarray]]:
    """Return the kind and the arrays of a space."""
    if isinstance(space, EncoderSpace):
        return "encoder", _of_encoder(space.encoder)
    return "network", _of_network(cast(NetworkSpace, space))


def _of_encoder(encoder: ContextEncoder) -> dict[str, np.ndarray]:
    space = encoder.space
    arrays = {
        "tags_MTE": encoder.tags_MTE,
        "place_MTZ": space.positions(encoder.tags_MTE, encoder.bias_MT),
        "size_ME": encoder.size_ME,
        "centre_MEE": space.centre_MEE,
        "origin_MZ": space.origin_MZ,
        "pull_M": space.pull_M2[:, 0],
    }
    norms = {"into": encoder.into, "out": encoder.out}
    for index, perceptron in enumerate(encoder.perceptrons):
        name = f"perceptron{index}"
        norm, into, *_, out = cast(torch.nn.Sequential, perceptron)
        norms[name] = cast(MemberNorm, norm)
        for end, layer in (("in", cast(MemberLinear, into)), ("out", cast(MemberLinear, out))):
            shape, outputs = ("MEH", "MH") if end == "in" else ("MHE", "ME")
            arrays |= {f"{name}_{end}_{shape}": layer.weight_MIO, f"{name}_{end}_bias_{outputs}": layer.bias_MO}
    for name, norm_layer in norms.items():
        arrays |= {f"{name}_scale_ME": norm_layer.scale_ME, f"{name}_offset_ME": norm_layer.offset_ME}
    return {name: value.detach().numpy() for name, value in arrays.items()}


def _of_network(space: NetworkSpace) -> dict[str, np.ndarray]:
    model = space.topics.model
    arrays = {
        "features_TF": space.features_TF.numpy(),
        "components_CT": model.components_,
        "weights_CT": model.exp_dirichlet_component_,
        "document_prior": np.float64(model.doc_topic_prior_),
        "floor": np.float64(space.topics.floor),
    }
    for index, layer in enumerate(space.network.hidden):
        layer = cast(torch.nn.Linear, layer)
        arrays |= {f"weight{index}": layer.weight.numpy(), f"bias{index}": layer.bias.numpy()}
    return {name: np.asarray(value) for name, value in arrays.items()}
