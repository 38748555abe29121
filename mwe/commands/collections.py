"""Commands that prepare a collection for training: its files, spectrograms, training text, word vectors."""

import sys
from pathlib import Path

from mwe.audio.mel_settings import MelSettings
from mwe.core.datasets import declared, describe, names
from mwe.core.errors import MissingDataError
from mwe.core.files import write_csv, write_text
from mwe.core.paths import cache_root
from mwe.corpora import CorpusSettings, ReviewSource, TextSource
from mwe.tracks import SPLITS, TrackReader
from mwe.words.skipgram_settings import SkipGramSettings


def demo(root: Path | None = None, seed: int = 1, workers: int | None = None) -> None:
    """Build the demonstration collection, which needs no download.

    It holds real tunes, rendered by virtual performers. Needs the extra `demo`.

    Args:
        root: Folder to write; by default ``demo`` in the cache (MWE_CACHE, else the user's cache folder).
        seed: Seed of performers, reviews and splits. The design was tuned on seed 0; 1 was first looked at afterwards.
        workers: Rendering processes; by default one per core.

    Examples:
        mwe demo
        mwe demo --root data/demo --workers 4
    """
    from mwe.tracks.demo import build_demo  # needs the extra `demo`, which no other command does

    folder = build_demo(root or cache_root() / "demo", seed=seed, workers=workers)
    print(f"demonstration collection: {folder} (read its DATA_CARD.md for what is real and what is made up)")


def list_collections() -> None:
    """List the collections that have a reader.

    Examples:
        mwe data list
    """
    print("\n".join(f"{name:12} {declared(name).title}" for name in names()))


def show(name: str, /) -> None:
    """Describe a collection and verify its files.

    Says where to get the collection, and exits with 1 if a file is missing or altered.

    A folder of your own needs no declaration. Put a ``tracks.tsv`` beside your audio, with the columns ``path`` and
    ``tags`` (joined by ``|``) and, if you like, ``track_id``, ``artist_id`` and ``split``. Then use ``--collection
    FolderTracks --collection.root FOLDER``.

    Args:
        name: Name of the collection; ``mwe data list`` lists them.

    Examples:
        mwe data show cal500
    """
    dataset = declared(name)
    state = dataset.verify()
    print(describe(dataset, state))
    if not state.complete:
        sys.exit(1)


def fetch(name: str, /) -> None:
    """Fetch missing files of a collection, where its terms allow it.

    Altered files are fetched again. Each file is checked by its SHA-256 before it is put in place.

    Args:
        name: Name of the collection; ``mwe data list`` lists them.

    Examples:
        mwe data fetch cal500
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
    settings: MelSettings | None = None,
) -> None:
    """Compute the log-mel spectrograms of a collection's audio.

    A command that was stopped continues where it stopped. Files that cannot be used are skipped and listed with their
    reason in ``skipped.tsv``.

    Args:
        collection: Reader of the collection, such as ``DemoTracks``, ``JamendoTracks`` or ``FolderTracks``.
        out: Folder of the mel store.
        workers: Decoding processes.
        devices: Devices to compute on, as Lightning's Trainer takes them.
        accelerator: ``auto``, ``cpu`` or ``gpu``.
        max_failed: Largest share of files that may fail; beyond it the command fails.
        settings: Window, hop and bands; the towers need those of ``lightning_configs/mwe/mel/towers.yaml``.

    Examples:
        mwe data mel --collection DemoTracks --out outputs/demo/mel
        mwe data mel --collection FolderTracks --collection.root ~/Music --out outputs/mel --workers 8
    """
    from mwe.audio.extract import extract_mels

    tracks = collection.read()
    if not tracks.audio:
        raise MissingDataError(f"{tracks.name} has no audio files to read")
    pairs = list(zip(tracks.track_ids, tracks.audio, strict=True))
    chosen = settings or MelSettings()
    extract_mels(
        pairs, out, settings=chosen, workers=workers, devices=devices, accelerator=accelerator, max_failed=max_failed
    )


def corpus(
    out: Path,
    collection: TrackReader | None = None,
    text: list[TextSource] | None = None,
    reviews: list[ReviewSource] | None = None,
    settings: CorpusSettings | None = None,
    parts: Path | None = None,
) -> None:
    """Write the training text of word vectors.

    One file holds paragraphs of general text, reviews, tags and IDs. Name several sources of text by ``--text+ Brown
    --text+ WikiText``, or in a configuration file as in ``lightning_configs/mwe/corpora``. A command that was stopped
    continues after the finished sources.

    Args:
        out: Training text, one paragraph per line.
        collection: Reader of the collection; each of its tracks gets a paragraph.
        text: General text: ``Wikipedia``, ``PlainText``, ``WikiText``, ``Brown``.
        reviews: Texts about tracks and artists: ``AmazonReviews``, ``SongDescriber``, ``MusicCaps``, ``AlbumReviews``,
            ``KeyedTexts``.
        settings: What the paragraphs hold and how they are shuffled.
        parts: Folder to keep the text of each source in, which several training texts can share.

    Examples:
        mwe words corpus --collection DemoTracks --out outputs/demo/corpus.txt
        mwe words corpus --config lightning_configs/mwe/corpora/open.yaml --out outputs/open/corpus.txt
    """
    from mwe.corpora import write_corpus

    tracks = collection.read() if collection else None
    if tracks is not None:
        print(tracks.summary())
    counts = write_corpus(tracks, out, settings, text or (), reviews or (), parts)
    print("\n".join(f"  {name:11}{value:>12,}" for name, value in vars(counts).items()))


def documents(collection: TrackReader, out: Path, splits: Path | None = None) -> None:
    """Write a collection's tags as tag documents for siamese-tags.

    Each line is ``id<TAB>tag``.

    Args:
        collection: Reader of the collection.
        out: File to write.
        splits: File for the split of each track, ``id<TAB>split`` per line; none by default.

    Examples:
        mwe data documents --collection DemoTracks --out outputs/demo/documents.tsv
    """
    tracks = collection.read()
    if splits is not None:
        rows = [[tracks.track_ids[row], part] for part in SPLITS for row in tracks.splits[part]]
        write_csv(splits, rows, delimiter="\t")
    lines = (f"{name}\t{tag}\n" for row, name in enumerate(tracks.track_ids) for tag in tracks.of_track(row))
    write_text(out, "".join(lines))
    print(f"{len(tracks.track_ids):,} documents of {tracks.name} in {out}")


def train_words(corpus: Path, out: Path, settings: SkipGramSettings | None = None) -> None:
    """Train word vectors on a training text by skip-gram.

    Trains with gensim, or with PyTorch if told so by ``--settings.trainer torch``.

    Args:
        corpus: Training text, as ``mwe words corpus`` writes it.
        out: Folder of the word vectors.
        settings: Settings of the training; the defaults are the paper's.

    Examples:
        mwe words train --corpus outputs/demo/corpus.txt --out outputs/demo/words
        mwe words train --corpus outputs/demo/corpus.txt --out outputs/demo/words --settings.dim 100
    """
    from pytorch_lightning.utilities import rank_zero_only

    from mwe.words.skipgram import train_skipgram, trained_before

    if trained_before(corpus, out, settings):
        print(f"the word vectors in {out} are those of {corpus} and these settings already")
        return
    vectors = train_skipgram(corpus, settings)
    if rank_zero_only.rank == 0:  # type: ignore[attr-defined]
        vectors.save(out)
        print(f"{len(vectors):,} vectors of {vectors.dim} dimensions in {out}")
