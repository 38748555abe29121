"""Plain commands that belong to several rooms: collections, spectrograms, corpora, word vectors, tables."""

import sys
from pathlib import Path

from pytorch_lightning.utilities import rank_zero_only
from rich.console import Console

from mwe.audio.extract import extract_mels
from mwe.core.datasets import declared, describe, names
from mwe.core.errors import MissingDataError
from mwe.core.files import write_csv, write_text
from mwe.core.paths import cache_root
from mwe.core.tables import table_of
from mwe.corpora import CorpusSettings, ReviewSource, TextSource, write_corpus
from mwe.corpora.table1 import table_one
from mwe.tracks import SPLITS, TrackReader
from mwe.words import SkipGramSettings, train_skipgram
from mwe.words.skipgram import trained_before


def demo(root: Path | None = None, seed: int = 1, workers: int | None = None) -> None:
    """Build the embedded demonstration collection: real tunes, rendered by virtual performers.

    Args:
        root: Its folder; by default ``demo`` in the cache (MWE_CACHE, else the user's cache folder).
        seed: Seed of performers, reviews and splits. The design was tuned on seed 0; 1 was first looked at afterwards.
        workers: Processes that render; by default one per core.
    """
    from mwe.tracks.demo import build_demo  # needs the extra `demo`, which no other command does

    folder = build_demo(root or cache_root() / "demo", seed=seed, workers=workers)
    print(f"demonstration collection: {folder} (read its DATA_CARD.md for what is real and what is made up)")


def data(name: str) -> None:
    """Say what a collection is, where to get it, and verify the files that are there.

    Exits with 1 if something is missing or altered. A folder of your own needs no declaration: put a ``tracks.tsv``
    with the columns ``path`` and ``tags`` (joined by ``|``), and if you like ``track_id``, ``artist_id`` and
    ``split``, beside your audio and use ``--collection FolderTracks --collection.root FOLDER``.

    Args:
        name: Name of the collection, or ``list``.
    """
    if name == "list":
        print("\n".join(f"{known:12} {declared(known).title}" for known in names()))
        return
    dataset = declared(name)
    found = dataset.verify()
    print(describe(dataset, found))
    if not found.complete:
        sys.exit(1)


def fetch(name: str) -> None:
    """Fetch what is missing or altered of a collection, where its terms and makers allow that by program.

    Each file is checked by its SHA-256 before it is put in place.

    Args:
        name: Name of the collection; ``mwe data list`` shows them.
    """
    dataset = declared(name)
    print(describe(dataset, dataset.fetch()))


def mel(
    collection: TrackReader,
    out: Path,
    workers: int = 2,
    devices: int | str = "auto",
    accelerator: str = "auto",
    max_failed: float = 0.5,
) -> None:
    """Compute the log-mel spectrograms of a collection's audio; go on where an earlier run stopped.

    Files that cannot be used are skipped and listed with their reason in ``skipped.tsv``.

    Args:
        collection: Reader of the collection, such as ``DemoTracks``, ``JamendoTracks`` or ``FolderTracks``.
        out: Folder of the mel store.
        workers: Processes that decode.
        devices: Devices to compute on, as Lightning's Trainer takes them.
        accelerator: ``auto``, ``cpu`` or ``gpu``.
        max_failed: Largest share of files that may fail before the command does.
    """
    tracks = collection.read()
    if not tracks.audio:
        raise MissingDataError(f"{tracks.name} has no audio files to read")
    pairs = list(zip(tracks.track_ids, tracks.audio, strict=True))
    extract_mels(pairs, out, workers=workers, devices=devices, accelerator=accelerator, max_failed=max_failed)


def corpus(
    out: Path,
    collection: TrackReader | None = None,
    text: list[TextSource] | None = None,
    reviews: list[ReviewSource] | None = None,
    settings: CorpusSettings | None = None,
    parts: Path | None = None,
) -> None:
    """Write one training file for word vectors from general text, reviews, tags and IDs.

    Several sources of text: ``--text+ Brown --text+ WikiText``; or a YAML file, as in ``lightning_configs/mwe/corpora``
    (``--config FILE``). A command that was stopped goes on behind the sources that are finished.

    Args:
        out: The training file, a paragraph a line.
        collection: Reader of the collection, whose tracks get a paragraph each.
        text: General text: ``Wikipedia``, ``PlainText``, ``WikiText``, ``Brown``.
        reviews: Texts about tracks and artists: ``AmazonReviews``, ``SongDescriber``, ``MusicCaps``, ``AlbumReviews``,
            ``KeyedTexts``.
        settings: What the paragraphs hold and how they are shuffled.
        parts: Folder to keep the text of each source in, to be shared by several corpora.
    """
    tracks = collection.read() if collection else None
    if tracks is not None:
        print(tracks.summary())
    counts = write_corpus(tracks, out, settings, text or (), reviews or (), parts)
    print("\n".join(f"  {name:11}{value:>12,}" for name, value in vars(counts).items()))


def corpus_statistics(corpus: Path, out: Path = Path("outputs/tables")) -> None:
    """Print Table I: entities, words, tags, artists and tracks of every source of a corpus.

    Args:
        corpus: The training file, as ``mwe corpus`` writes it.
        out: Folder of the CSV and Markdown files.
    """
    shown, path = table_one(corpus, out)
    Console(width=160).print(shown)
    print(f"table written to {path} and {path.with_suffix('.csv')}")


def documents(collection: TrackReader, out: Path, splits: Path | None = None) -> None:
    """Write a collection's tags as tag documents, ``id<TAB>tag`` a line, for ``siamese-tags``.

    Args:
        collection: Reader of the collection.
        out: The file.
        splits: File to write the split of each track into, ``id<TAB>split`` a line; none by default.
    """
    tracks = collection.read()
    if splits is not None:
        rows = [[tracks.track_ids[place], part] for part in SPLITS for place in tracks.splits[part]]
        write_csv(splits, rows, delimiter="\t")
    lines = (f"{name}\t{tag}\n" for row, name in enumerate(tracks.track_ids) for tag in tracks.of_track(row))
    write_text(out, "".join(lines))
    print(f"{len(tracks.track_ids):,} documents of {tracks.name} in {out}")


def words(corpus: Path, out: Path, settings: SkipGramSettings | None = None) -> None:
    """Train word vectors by skip-gram on a training file, by gensim or (``--settings.trainer torch``) by torch.

    Args:
        corpus: The training file, as ``mwe corpus`` writes it.
        out: Folder of the word vectors.
        settings: Settings of the training; the defaults are the paper's.
    """
    if trained_before(corpus, out, settings):
        print(f"the word vectors in {out} are those of {corpus} and these settings already")
        return
    vectors = train_skipgram(corpus, settings)
    if rank_zero_only.rank == 0:  # type: ignore[attr-defined]
        vectors.save(out)
        print(f"{len(vectors):,} vectors of {vectors.dim} dimensions in {out}")


def table(specification: Path, out: Path = Path("outputs/tables"), runs: Path = Path("outputs")) -> None:
    """Build a results table from the run folders and print it.

    Args:
        specification: YAML file that describes the table, such as ``lightning_configs/tables/demo.yaml``.
        out: Folder of the CSV and Markdown files.
        runs: Folder of the runs.
    """
    path = table_of(specification, out, runs)
    print(path.read_text(encoding="utf-8"))
    print(f"table written to {path} and {path.with_suffix('.csv')}")
