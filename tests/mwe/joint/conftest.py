"""The collections of the paper's rows in upstream's formats, a few tracks each, with mel stores and word vectors."""

import json
from pathlib import Path

import numpy as np
import pytest

from mwe.audio.extract import extract_mels
from mwe.audio.mel_settings import MelSettings
from mwe.audio.shards import FileStamp, MelRow, MelShardWriter
from mwe.audio.store_settings import declare_settings
from mwe.core.tokens import artist_token, tag_words, track_token
from mwe.encoders import Musicnn
from mwe.tracks import FolderTracks
from mwe.tracks.jamendo import UPSTREAM_SPLITS
from mwe.tracks.msd_splits import GROUP_OF
from mwe.words import WordVectors

FRAMES = 12
DEFAULT = MelSettings()
PARTS = {"train": range(6), "valid": range(6, 10), "test": range(10, 16)}
MSD = [f"TR{number:02}" for number in range(16)]
ARTIST = {track: f"AR{place // 2}" for place, track in enumerate(MSD)}
TOP50 = sorted(GROUP_OF)
SEEN, UNSEEN = ["deep house", "ambient", "happy", "live"], ["guitar", "sad"]
JAMENDO = {
    "genre": ["rock", "ambient", "house"],
    "instrument": ["guitar", "piano"],
    "mood/theme": ["happy", "sad", "film"],
}
JAMENDO_TRACKS = [f"track_{number:07}" for number in range(16)]


@pytest.fixture(scope="session")
def tower_mel(miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The miniature as the towers hear it."""
    out, tracks = tmp_path_factory.mktemp("heard") / "mel", FolderTracks(str(miniature)).read()
    pairs = list(zip(tracks.track_ids, tracks.audio, strict=True))
    settings = MelSettings.from_dict(dict(Musicnn.front_end))
    extract_mels(pairs, out, settings=settings, workers=0, accelerator="cpu")
    return out


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `data` (collections), `outputs` (mel stores and word vectors), where the rows look for them."""
    root = tmp_path_factory.mktemp("upstream")
    rng = np.random.default_rng(0)
    _write_top50(root / "data/msd", rng)
    _write_zeroshot(root / "data/msd_zeroshot", rng)
    _write_jamendo(root / "data/mtg_jamendo", rng)
    _write_mels(root / "outputs/msd/mel", MSD, rng)
    _write_mels(root / "outputs/jamendo/mel", JAMENDO_TRACKS, rng)
    _write_mels(root / "outputs/msd/tower_mel", MSD, rng, MelSettings.from_dict(dict(Musicnn.front_end)))
    tags = [*TOP50, *SEEN, *UNSEEN, *(tag for own in JAMENDO.values() for tag in own)]
    general = sorted({word for tag in tags for word in tag_words(tag)})
    musical = [*general, *map(track_token, MSD), *map(artist_token, sorted(set(ARTIST.values())))]
    kinds = ["word"] * len(general) + ["track"] * len(MSD) + ["artist"] * len(set(ARTIST.values()))
    for name in ("wiki_review_tag_id", "wiki_review_tag_id_aug"):
        _write_words(root / f"outputs/words/msd/{name}/seed0/words", musical, kinds, rng)
    _write_words(root / "outputs/words/pretrained/glove/seed0/words", general, ["word"] * len(general), rng)
    return root


def _some(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Zeros and ones, no row or column of which is empty or full in any part; two rows of the test are the same."""
    table = (rng.random((rows, columns)) < 0.4).astype(int)
    table[:, 0], table[:, 1] = np.arange(rows) % 2, 1 - np.arange(rows) % 2
    table[1::2], table[14] = 1 - table[::2], table[12]
    return table


def _write_top50(root: Path, rng: np.random.Generator) -> None:
    (root / "MSD_split").mkdir(parents=True)
    table = _some(rng, len(MSD), len(TOP50))
    for part, places in PARTS.items():
        lines = [",".join(["", *TOP50]), *(",".join([MSD[row], *map(str, table[row])]) for row in places)]
        (root / f"MSD_split/{part}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = [f"{track}<SEP>SO<SEP>{ARTIST[track]}<SEP>Title" for track in MSD]
    (root / "unique_tracks.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_zeroshot(root: Path, rng: np.random.Generator) -> None:
    root.mkdir()
    split = {f"{part}_track": [MSD[row] for row in places] for part, places in PARTS.items()}
    files = {"track_split": split, "tag_split": {"seen_tag": SEEN, "unseen_tag": UNSEEN}, "artist_dict": ARTIST}
    for name, content in files.items():
        (root / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    tags, table = [*SEEN, *UNSEEN], _some(rng, len(MSD), len(SEEN) + len(UNSEEN))
    lines = [",".join(["", *tags]), *(",".join([MSD[row], *map(str, table[row])]) for row in range(len(MSD)))]
    (root / "tag_binary.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_jamendo(root: Path, rng: np.random.Generator) -> None:
    folder = root / "data/splits/split-0"
    folder.mkdir(parents=True)
    for group, tags in JAMENDO.items():
        table = _some(rng, len(JAMENDO_TRACKS), len(tags))
        for part, places in PARTS.items():
            lines = ["TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"]
            for row in places:
                own = [f"{group}---{tag}" for tag, held in zip(tags, table[row], strict=True) if held]
                lines.append("\t".join([JAMENDO_TRACKS[row], f"artist_{row}", "album_1", f"0/{row}.mp3", "9.0", *own]))
            name = f"autotagging_{group.replace('/', '')}-{UPSTREAM_SPLITS[part]}.tsv"
            (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_mels(root: Path, tracks: list[str], rng: np.random.Generator, settings: MelSettings = DEFAULT) -> None:
    declare_settings(root, settings, {})
    writer = MelShardWriter(root, n_mels=settings.n_mels)
    for track in tracks:
        row = MelRow(track, f"{track}.mp3", FileStamp(1, 1), loudness_db=-20.0)
        writer.append(row, rng.normal(size=(FRAMES, settings.n_mels)))
    writer.flush()


def _write_words(folder: Path, tokens: list[str], kinds: list[str], rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(len(tokens), 300)).astype(np.float32)
    WordVectors(tokens, vectors, kinds).save(folder)
