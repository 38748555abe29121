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

import os
from pathlib import Path
from typing import cast

import numpy as np
import torch

from mwe.core.files import atomic_write, sha256, write_json
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
    space, tags = load_space(run)
    kind, arrays = _arrays(space)
    folder = Path(out)
    (folder / DECLARATION).unlink(missing_ok=True)  # a folder with one is whole
    with atomic_write(folder / ARRAYS) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)
    made = {"checkpoint": sha256(checkpoint_path(run, run, "")), "run": os.fspath(run)}
    told = {"format": FORMAT, "kind": kind, "tags": list(tags), "arrays": sha256(folder / ARRAYS), "made": made}
    write_json(folder / DECLARATION, told)
    print(f"contextual embedding of {len(tags):,} tags ({kind}) in {folder}")


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
