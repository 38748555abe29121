"""Laying vectors out on a plane: UMAP where it is installed, else t-SNE."""

from importlib.util import find_spec

import numpy as np

NEIGHBOURS = 15  # of UMAP; the perplexity of t-SNE is a little below


def method() -> str:
    """What lays out maps here."""
    return "UMAP" if find_spec("umap") else "t-SNE"


def laid_out(point_ND: np.ndarray, seed: int) -> np.ndarray:
    """Places on a plane, (N, 2), near each other where points have a small angle; N is three or more."""
    near = min(NEIGHBOURS, len(point_ND) - 1)
    if method() == "UMAP":
        from umap import UMAP  # an extra: it brings a compiler

        # one job, since a seed and several exclude each other
        return np.asarray(UMAP(n_neighbors=near, metric="cosine", random_state=seed, n_jobs=1).fit_transform(point_ND))
    from sklearn.manifold import TSNE  # a second to import

    tsne = TSNE(perplexity=max(1.0, near * 0.9), metric="cosine", init="random", random_state=seed, n_jobs=1)
    return np.asarray(tsne.fit_transform(point_ND))
