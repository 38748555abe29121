"""Commands that draw Figures 4 and 5, from finished word vectors and runs."""

from pathlib import Path

from mwe.core.errors import MissingDataError
from mwe.reproduce.commands import FIGURES, RUNS
from mwe.tracks import TrackReader
from mwe.words.vectors import WordVectors


def figure4(
    words: dict[str, Path],
    pairs: list[tuple[str, str]],
    runs: Path = RUNS,
    out: Path = FIGURES / "figure4-pairs.png",
) -> None:
    """Draw Figure 4: similarity of pairs of words.

    Args:
        words: Folders of word vectors below that of the runs, by name; those that are not there are left out and named.
        pairs: Pairs of words.
        runs: Folder of the runs.
        out: The PNG; an SVG is written beside it.
    """
    from mwe.core.pictures import save
    from mwe.words.figures import draw_pairs

    _written(save(draw_pairs(_at_hand(words, runs), pairs), out))


def figure5_words(
    words: dict[str, Path],
    collection: TrackReader,
    clusters: dict[str, list[str]],
    seed: int = 0,
    runs: Path = RUNS,
    out: Path = FIGURES / "figure5-words.png",
) -> None:
    """Draw Figure 5, first row: maps of tags.

    Each panel is a map of one set of word vectors, by UMAP where it is installed, else by t-SNE.

    Args:
        words: Folders of word vectors below that of the runs, by name; those that are not there are left out and named.
        collection: The collection whose tags are drawn.
        clusters: Tags that are coloured and named, by the name of what they have in common.
        seed: Seed of the maps.
        runs: Folder of the runs.
        out: The PNG; an SVG is written beside it.
    """
    from mwe.core.pictures import save
    from mwe.words.figures import draw_maps

    _written(save(draw_maps(_at_hand(words, runs), collection.read(), clusters, seed), out))


def figure5(
    maps: dict[str, str],
    clusters: dict[str, list[str]] | None = None,
    title: str = "Tracks and tags in the joint space",
    runs: Path = RUNS,
    out: Path = FIGURES / "figure5-joint.png",
) -> None:
    """Draw Figure 5, second row: maps of tracks and tags.

    Each panel is the joint space of one run.

    Args:
        maps: Run folders below ``runs``, by the title of their panel. Runs without a map, which a test with the
            callback JointMap writes, are left out and reported.
        clusters: Tags to colour and label, by cluster name; by default all tags, by group.
        title: Title of the picture; the collections and the projection method are added.
        runs: Folder of the runs.
        out: The PNG; an SVG is written beside it.
    """
    from mwe.core.pictures import save
    from mwe.joint.map import CALLBACK, MAP, JointPlane, draw_joint

    folders = {name: runs / run for name, run in maps.items() if (runs / run / MAP).is_file()}
    for name in [name for name in maps if name not in folders]:
        print(f"left out: {name}, no map in {runs / maps[name]}")
    if not folders:
        raise MissingDataError(f"no maps below {runs}. Test the runs with {CALLBACK}.")
    planes = {name: JointPlane.read(run) for name, run in folders.items()}
    captions = dict.fromkeys(f"{plane.collection}, {plane.method}" for plane in planes.values())
    _written(save(draw_joint(planes, clusters, f"{title}: {'; '.join(captions)}"), out))


def _at_hand(words: dict[str, Path], runs: Path) -> dict[str, WordVectors]:
    folders = {name: runs / folder for name, folder in words.items() if (runs / folder / "vocabulary.json").is_file()}
    for name in [name for name in words if name not in folders]:
        print(f"left out: {name}, no word vectors in {runs / words[name]}")
    if not folders:
        raise MissingDataError(f"no word vectors below {runs}; `make table3 table4` trains them")
    return {name: WordVectors.load(folder) for name, folder in folders.items()}


def _written(paths: tuple[Path, Path]) -> None:
    print(f"written: {', '.join(map(str, paths))}")
