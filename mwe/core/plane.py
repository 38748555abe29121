"""Projection of vectors onto a plane: UMAP if it is installed, else t-SNE."""

from importlib.util import find_spec

import numpy as np

NEIGHBOURS = 15  # of UMAP; the perplexity of t-SNE is a little below


def method() -> str:
    """Return the name of the projection in use."""
    return "UMAP" if find_spec("umap") else "t-SNE"


def projected(point_ND: np.ndarray, seed: int) -> np.ndarray:
    """Return positions on a plane, (N, 2), close together for points at a small angle; N is three or more."""
    near = min(NEIGHBOURS, len(point_ND) - 1)
    if method() == "UMAP":
        from umap import UMAP  # an extra, since it installs a compiler

        # one job, since a seed and several exclude each other
        return np.asarray(UMAP(n_neighbors=near, metric="cosine", random_state=seed, n_jobs=1).fit_transform(point_ND))
    from sklearn.manifold import TSNE  # takes a second to import

    tsne = TSNE(perplexity=max(1.0, near * 0.9), metric="cosine", init="random", random_state=seed, n_jobs=1)
    return np.asarray(tsne.fit_transform(point_ND))
