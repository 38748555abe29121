"""Build the demonstration collection into a folder: tables, audio, data card, manifest."""

import hashlib
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from importlib.resources import files
from pathlib import Path
from typing import Any

from mwe.core.errors import BadFileError
from mwe.core.files import read_json, sha256, write_csv, write_json, write_text, writing
from mwe.core.manifest import versions
from mwe.core.progress import track
from mwe.tracks.demo.catalogue import DemoTrack, catalogue
from mwe.tracks.demo.performers import performers
from mwe.tracks.demo.render import soundfont_path, write_clip
from mwe.tracks.demo.tag_words import TAGS
from mwe.tracks.demo.tunes import TUNES_FILE, read_tunes

FORMAT = 1
MANIFEST, UNFINISHED, CARD = "MANIFEST.json", "UNFINISHED.json", "DATA_CARD.md"
MAX_WORKERS = 16
MADE_WITH = ("numpy", "scipy", "soundfile", "soxr", "mido", "midirenderer", "pretty_midi")


def build_demo(root: Path, *, seed: int = 1, workers: int | None = None, limit: int | None = None) -> Path:
    """Build the collection, or return at once if it exists.

    An interrupted build resumes with the missing clips. Workers are new processes: a script that calls this function
    needs the usual ``if __name__ == "__main__"`` guard, or ``workers=1``.

    Args:
        root: Folder of the collection; created if missing.
        seed: Seed of performers' habits, programmes, labels, reviews and splits.
        workers: Rendering processes; by default one per core, at most 16.
        limit: Build only the first tracks (they have different performers); by default all.

    Returns:
        The folder.

    Raises:
        MissingDataError: The renderer or the SoundFont is not installed.
        FileExistsError: The folder holds other files.
        CannotWriteError: The folder cannot be written or the disk is full.
    """
    root = Path(root)
    recipe = {"format": FORMAT, "seed": seed, "limit": limit, "tunes": _tunes_sha256()}
    if _recipe_of(root / MANIFEST) == recipe:
        return root
    soundfont_path()
    tracks = catalogue(read_tunes(), seed)[:limit]
    _claim(root, recipe)
    with writing(root):
        _write(root, recipe, tracks, workers or min(os.cpu_count() or 1, MAX_WORKERS))
    return root


def _write(root: Path, recipe: dict[str, Any], tracks: Sequence[DemoTrack], workers: int) -> None:
    missing = [track for track in tracks if not (root / track.path).is_file()]
    for _ in track(_rendered(root, missing, recipe["seed"], workers), "Rendering the demonstration", len(missing)):
        pass
    _write_tables(root, tracks, recipe["seed"])
    _write_manifest(root, recipe, tracks)
    (root / UNFINISHED).unlink(missing_ok=True)


def _tunes_sha256() -> str:
    return hashlib.sha256((files(__package__) / TUNES_FILE).read_bytes()).hexdigest()


def _recipe_of(path: Path) -> dict[str, Any] | None:
    try:
        content = read_json(path)
    except (FileNotFoundError, NotADirectoryError, BadFileError):
        return None
    return content.get("recipe") if isinstance(content, dict) else None


def _claim(root: Path, recipe: dict[str, Any]) -> None:
    """Mark the folder as being built. Remove clips of another seed or format; never touch other files."""
    manifest, mark = root / MANIFEST, root / UNFINISHED
    earlier = _recipe_of(manifest) or _recipe_of(mark)
    if earlier is None and root.is_dir() and any(entry.name != UNFINISHED for entry in root.iterdir()):
        raise FileExistsError(f"{root} holds files that the demonstration did not write. Give an empty or new folder.")
    leftovers = [*root.glob("audio/*/.demo-*.flac")]
    if earlier is not None and any(earlier.get(name) != recipe[name] for name in recipe if name != "limit"):
        # no manifest and no mark may vouch for a clip until all of them are removed
        write_json(mark, {"recipe": {}})
        manifest.unlink(missing_ok=True)
        leftovers += root.glob("audio/*/demo-*.flac")
    for clip in leftovers:
        clip.unlink()
    write_json(mark, {"recipe": recipe})
    manifest.unlink(missing_ok=True)


def _rendered(root: Path, tracks: Sequence[DemoTrack], seed: int, workers: int) -> Iterator[None]:
    """Render the tracks; yield after each one."""
    jobs = [
        (root / track.path, track.tune, track.performer, [seed, 7, int(track.id.rpartition("-")[2])])
        for track in tracks
    ]
    if min(workers, len(jobs)) <= 1:
        for job in jobs:
            write_clip(*job)
            yield
        return
    # a forked process would inherit the locks of threads it does not have
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    pool = ProcessPoolExecutor(min(workers, len(jobs)), mp_context=multiprocessing.get_context(method))
    try:
        pending: set[Future[None]] = {pool.submit(write_clip, *job) for job in jobs}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
                yield
    finally:
        pool.shutdown(cancel_futures=True)


def _write_tables(root: Path, tracks: Sequence[DemoTrack], seed: int) -> None:
    _table(
        root / "tracks.tsv",
        ("track_id", "artist_id", "path", "tags", "split", "split_random"),
        [(t.id, t.performer.id, t.path, "|".join(t.tags), t.split, t.split_random) for t in tracks],
    )
    tags = [(tag.name, tag.group, tag.kind, str(int(tag.seen))) for tag in TAGS.values()]
    _table(root / "tags.tsv", ("tag", "group", "kind", "seen"), tags)
    _table(root / "reviews.tsv", ("track_id", "text"), [(t.id, text) for t in tracks for text in t.reviews])
    header = ("track_id", "title", "collection", "composer", "transcriber", "form", "metre", "mode", "tune_id")
    of_tune = ("title", "collection", "composer", "transcriber", "form", "metre", "mode", "id")
    rows = [(t.id, *(getattr(t.tune, name) for name in of_tune)) for t in tracks]
    _table(root / "provenance.tsv", header, rows)
    seats = ("lead", "second", "harmony", "bass", "drone")
    habits = ("tempo", "reverb_s", "wet", "tilt_db", "tuning_cents", "level_db")
    bands = [
        (
            p.id,
            p.style,
            *(getattr(getattr(p, seat), "name", "") for seat in seats),
            p.drums,
            *(str(getattr(p, h)) for h in habits),
        )
        for p in performers(seed)
    ]
    _table(root / "performers.tsv", ("artist_id", "style", *seats, "drums", *habits), bands)
    card = (files(__package__) / CARD).read_text(encoding="utf-8")
    version_lines = "".join(f"- {name} {number}\n" for name, number in versions(*MADE_WITH).items())
    write_text(root / CARD, f"{card}\n## This copy\n\nSeed {seed}, {len(tracks)} tracks, made with\n\n{version_lines}")


def _table(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    write_csv(path, [header, *rows], "\t")


def _write_manifest(root: Path, recipe: dict[str, Any], tracks: Sequence[DemoTrack]) -> None:
    """Write the manifest, last: a folder with a manifest is complete."""
    small = ("tracks.tsv", "tags.tsv", "reviews.tsv", "performers.tsv", "provenance.tsv", CARD)
    counts = {
        "tracks": len(tracks),
        "performers": len({t.performer.id for t in tracks}),
        "tags": len(TAGS),
        "unseen_tags": sum(not tag.seen for tag in TAGS.values()),
    }
    sums = {name: sha256(root / name) for name in small}
    content = {
        "recipe": recipe,
        "counts": counts,
        "sha256": sums,
        "made_with": versions(*MADE_WITH),
        "soundfont": sha256(soundfont_path()),
    }
    write_json(root / MANIFEST, content)
