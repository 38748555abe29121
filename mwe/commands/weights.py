"""Commands on the weights of the towers."""

from pathlib import Path


def weights(wheel: Path | None = None) -> None:
    """Fetch and verify the published weights of the towers.

    The towers are Musicnn and VGG; their weights go to the cache. pip fetches the package that ships them, from the
    index or mirror that it is configured with. Nothing in it is executed. What is in the cache already is verified.

    Args:
        wheel: The wheel on disk, for machines without a connection.

    Examples:
        mwe weights
        mwe weights --wheel musicnn-0.1.0-py2.py3-none-any.whl
    """
    from mwe.encoders.weights import LICENCE, fetch_weights, published_state

    for path in fetch_weights(wheel):
        published_state(path.stem)
        print(f"{path.stem:12} {path}")
    print(f"licence      {path.parent / LICENCE}")
