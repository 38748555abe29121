"""Projection to two dimensions by t-SNE (van der Maaten and Hinton, 2008).

Shape suffixes: N points, E embedding dimensions.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE

PERPLEXITY = 30.0


def project(points_NE: NDArray[np.floating], seed: int = 0) -> NDArray[np.float64]:
    """Return positions of points in a plane, N × 2, by their Euclidean distances.

    Args:
        points_NE: At least two points.
        seed: Seed of the projection.
    """
    tsne = _tsne(len(points_NE), seed, init="pca" if min(points_NE.shape) > 1 else "random")
    return np.asarray(tsne.fit_transform(points_NE))


def project_distances(distance_NN: NDArray[np.floating], seed: int = 0) -> NDArray[np.float64]:
    """Return positions of points in a plane, N × 2, by distances, which are symmetric and not negative."""
    return np.asarray(_tsne(len(distance_NN), seed, metric="precomputed", init="random").fit_transform(distance_NN))


def _tsne(n_points: int, seed: int, **settings: str) -> TSNE:
    # the perplexity must be below the number of points; a third of it still shows groups
    perplexity = min(PERPLEXITY, max(1.0, (n_points - 1) / 3))
    return TSNE(perplexity=perplexity, random_state=seed, n_jobs=1, **settings)
