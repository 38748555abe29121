"""What ``siamese-tags export-context`` does: the contextual embedding of a run as arrays that other programs can read.

``context.json`` names kind and tags and has the hash of ``context.npz``. What the arrays mean:

* ``encoder``: a context of n tags has the sum of their ``tags_MTE`` divided by the root of n, layer-normalised
  (``into``), plus ``size_ME`` times log n; residual perceptrons (norm, layer, GELU, layer); normalised again (``out``).
  A tag of it lies at its ``place_MTZ`` drawn by the share sigmoid(``pull_M``) to the context's vector times
  ``centre_MEE`` (0 appended) plus ``origin_MZ``; members side by side over the root of their number.
* ``network``: the row of ``features_TF`` and the topic posterior of the context (latent Dirichlet allocation, clamped
  at ``floor``) through tanh layers.

Shape suffixes: T tags, M members, E dimensions of a member, Z = E + 1, F features, C topics, H hidden units.
"""

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from mwe.core.errors import BadFileError
from mwe.core.files import read_json, sha256, write_json, written_together
from mwe.core.manifest import PACKAGES, fits, manifest
from siamese_tags.checkpoints import checkpoint_path
from siamese_tags.contextual.spaces import EncoderSpace, NetworkSpace, Space, load_space
from siamese_tags.masked.encoder import ContextEncoder
from siamese_tags.masked.members import MemberLinear, MemberNorm

FORMAT = 1
DECLARATION, ARRAYS = "context.json", "context.npz"


def export_context(run: str, out: str) -> None:
    """Write the contextual embedding of a run as arrays, by which ``mwe fit`` and ``mwe search --context`` go.

    Args:
        run: Run folder or checkpoint of a Siamese stage (single_ce, siamese_ce) or a context encoder.
        out: Folder of the arrays.
    """
    folder, inputs = Path(out), {"checkpoint": sha256(checkpoint_path(run, run, ""))}
    if _exported_before(folder, manifest(inputs, {})):
        print(f"the contextual embedding in {folder} is that of {run} already")
        return
    space, tags = load_space(run)
    kind, arrays = _arrays(space)
    with written_together(folder, DECLARATION) as staging:
        np.savez(staging / ARRAYS, allow_pickle=False, **arrays)
        made = manifest(inputs, {}, {"tags": len(tags)}, PACKAGES)
        told = {"format": FORMAT, "kind": kind, "tags": list(tags), "arrays": sha256(staging / ARRAYS), "made": made}
        write_json(staging / DECLARATION, told)
    print(f"contextual embedding of {len(tags):,} tags ({kind}) in {folder}")


def _exported_before(folder: Path, wanted: dict[str, Any]) -> bool:
    """Whether a folder holds the arrays of this very checkpoint already, whole."""
    if not (folder / DECLARATION).is_file() or not (folder / ARRAYS).is_file():
        return False
    try:
        told = read_json(folder / DECLARATION)
    except BadFileError:
        return False
    if not isinstance(told, dict) or told.get("format") != FORMAT or not fits(told.get("made"), wanted):
        return False
    return bool(told.get("arrays") == sha256(folder / ARRAYS))


@torch.no_grad()
def _arrays(space: Space) -> tuple[str, dict[str, np.ndarray]]:
    """Kind and arrays of a space."""
    if isinstance(space, EncoderSpace):
        return "encoder", _of_encoder(space.encoder)
    return "network", _of_network(cast(NetworkSpace, space))


def _of_encoder(encoder: ContextEncoder) -> dict[str, np.ndarray]:
    space = encoder.space
    given = {
        "tags_MTE": encoder.tags_MTE,
        "place_MTZ": space.places(encoder.tags_MTE, encoder.bias_MT),
        "size_ME": encoder.size_ME,
        "centre_MEE": space.centre_MEE,
        "origin_MZ": space.origin_MZ,
        "pull_M": space.pull_M2[:, 0],
    }
    norms = {"into": encoder.into, "out": encoder.out}
    for place, perceptron in enumerate(encoder.perceptrons):
        name = f"perceptron{place}"
        norm, into, *_, out = cast(torch.nn.Sequential, perceptron)
        norms[name] = cast(MemberNorm, norm)
        for end, layer in (("in", cast(MemberLinear, into)), ("out", cast(MemberLinear, out))):
            shape, outputs = ("MEH", "MH") if end == "in" else ("MHE", "ME")
            given |= {f"{name}_{end}_{shape}": layer.weight_MIO, f"{name}_{end}_bias_{outputs}": layer.bias_MO}
    for name, one in norms.items():
        given |= {f"{name}_scale_ME": one.scale_ME, f"{name}_offset_ME": one.offset_ME}
    return {name: value.detach().numpy() for name, value in given.items()}


def _of_network(space: NetworkSpace) -> dict[str, np.ndarray]:
    model = space.topics.model
    arrays = {
        "features_TF": space.features_TF.numpy(),
        "components_CT": model.components_,
        "weights_CT": model.exp_dirichlet_component_,
        "document_prior": np.float64(model.doc_topic_prior_),
        "floor": np.float64(space.topics.floor),
    }
    for place, layer in enumerate(space.network.hidden):
        layer = cast(torch.nn.Linear, layer)
        arrays |= {f"weight{place}": layer.weight.numpy(), f"bias{place}": layer.bias.numpy()}
    return {name: np.asarray(value) for name, value in arrays.items()}
