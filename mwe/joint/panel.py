"""The retrieval panel: for some tags, the tracks that a tested model ranks highest, with a few seconds of each.

Shape suffixes: N tracks, T tags, Q tags of the panel, K tracks per tag, D dimensions.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import soundfile
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.nn.functional import normalize

from mwe.audio.decode import decode
from mwe.audio.verdict import UnreadableAudio
from mwe.core.errors import UnknownNameError
from mwe.core.files import atomic_write, write_csv, write_text
from mwe.core.runs import run_dir
from mwe.joint.tracks import TrackModule
from mwe.tracks import TrackTags

RATE = 22050
COLUMNS = ("tag", "in training", "rank", "track", "artist", "score", "has the tag", "tags", "audio")


class PanelHit(NamedTuple):
    """A track among the first results of a tag.

    Attributes:
        tag: The tag.
        seen: Whether the tag was part of training.
        rank: Rank of the track, from 1.
        track: Position of the track in the collection.
        score: Similarity of track and tag.
        right: Whether the track has the tag.
        snippet: Path of its audio snippet, relative to the run folder; empty if there is none.
    """

    tag: str
    seen: bool
    rank: int
    track: int
    score: float
    right: bool
    snippet: str


class RetrievalPanel(Callback):
    """After a test, writes ``retrieval.csv`` and ``retrieval.html`` (with audio) into the run folder.

    Loggers that take tables and audio get them too.

    Args:
        tags: Tags to show. By default a selection from best to worst ROC-AUC, evenly spaced, so that neither
            successes nor failures are cherry-picked.
        count: Number of tags if ``tags`` is empty.
        top: Tracks per tag.
        seconds: Length of each audio snippet, taken from the middle of the track; 0 for none.
    """

    def __init__(self, tags: Sequence[str] = (), count: int = 8, top: int = 5, seconds: float = 5.0) -> None:
        self.tags, self.count, self.top, self.seconds = tuple(tags), count, top, seconds

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the panel on one process.

        Raises:
            UnknownNameError: A requested tag is not in the collection or has no prototype.
        """
        run = run_dir(trainer)
        if run is None or not trainer.is_global_zero:
            return
        if not isinstance(pl_module, TrackModule):
            raise ValueError(f"RetrievalPanel needs a model of tracks and tags, not a {type(pl_module).__name__}")
        hits = self._hits(pl_module, run)
        rows = [_row(hit, pl_module.data.tracks) for hit in hits]
        write_csv(run / "retrieval.csv", [COLUMNS, *rows])
        write_text(run / "retrieval.html", _page(pl_module.data.tracks.name, rows))
        for logger in trainer.loggers:
            if hasattr(logger, "log_table"):
                logger.log_table("test/retrieval", columns=list(COLUMNS), data=rows)
            heard = [hit for hit in hits if hit.snippet]
            if heard and hasattr(logger, "log_audio"):
                captions = [_caption(hit, pl_module.data.tracks) for hit in heard]
                logger.log_audio(
                    "test/retrieval_audio", audios=[str(run / hit.snippet) for hit in heard], caption=captions
                )

    def _hits(self, model: TrackModule, run: Path) -> list[PanelHit]:
        retrieval, tracks = model.retrieval, model.data.tracks
        if retrieval is None or retrieval.computed is None or retrieval.prototypes is None or retrieval.by_tag is None:
            raise ValueError("RetrievalPanel needs the test's track embeddings")
        tag_Q = self._asked(retrieval.by_tag.rocauc, retrieval.usable_T, tracks)
        (id_N, track_ND), tag_QD = retrieval.computed, retrieval.prototypes[tag_Q].float()
        if retrieval.cosine:
            track_ND, tag_QD = normalize(track_ND, dim=1), normalize(tag_QD, dim=1)
        score_QK, index_QK = (tag_QD @ track_ND.T).topk(min(self.top, len(id_N)), dim=1)
        track_QK = id_N[index_QK].tolist()
        hit_tracks = {track for row in track_QK for track in row}
        snippets = {track: self._snippet(tracks, track, run) for track in sorted(hit_tracks)}
        hits = []
        for tag, scores, row in zip(tag_Q.tolist(), score_QK.tolist(), track_QK, strict=True):
            for rank, (score, track) in enumerate(zip(scores, row, strict=True), 1):
                name, seen = tracks.tags[tag], not tracks.unseen[tag]
                hits.append(PanelHit(name, seen, rank, track, score, name in tracks.of_track(track), snippets[track]))
        return hits

    def _asked(self, rocauc_T: Tensor, usable_T: Tensor, tracks: TrackTags) -> Tensor:
        """Return the columns of the tags to show, (Q,)."""
        if not self.tags:
            ranked = torch.where(rocauc_T.isnan(), -1.0, rocauc_T).argsort(descending=True, stable=True)
            ranked = ranked[: int((~rocauc_T.isnan()).sum())]
            indices = torch.linspace(0, max(0, len(ranked) - 1), min(self.count, len(ranked))).round().long()
            return ranked[indices.to(ranked.device)]
        known = {tag: column for column, tag in enumerate(tracks.tags) if usable_T[column]}
        for tag in self.tags:
            if tag not in known:
                raise UnknownNameError("tag", tag, known)
        return torch.tensor([known[tag] for tag in self.tags], device=usable_T.device)

    def _snippet(self, tracks: TrackTags, track: int, run: Path) -> str:
        """Write some seconds from the middle of a track and return the path; empty if its audio cannot be read."""
        name = f"retrieval/{track}.flac"
        if not tracks.audio or self.seconds <= 0:
            return ""
        try:
            wave, seconds = decode(tracks.audio[track], sample_rate=RATE)
        except UnreadableAudio:
            return ""
        first = max(0, round((seconds - self.seconds) / 2 * RATE))
        with atomic_write(run / name) as temporary:
            soundfile.write(temporary, wave[first : first + round(self.seconds * RATE)], RATE)
        return name


def _caption(hit: PanelHit, tracks: TrackTags) -> str:
    verdict = "has the tag" if hit.right else "lacks the tag"
    return f"{hit.tag} {hit.rank}: {tracks.track_ids[hit.track]}, {hit.score:.3f}, {verdict}"


def _row(hit: PanelHit, tracks: TrackTags) -> list[str | int | float]:
    return [
        *(hit.tag, int(hit.seen), hit.rank, tracks.track_ids[hit.track], tracks.artist_ids[hit.track]),
        *(round(hit.score, 4), int(hit.right), ", ".join(tracks.of_track(hit.track)), hit.snippet),
    ]


def _page(collection: str, rows: Sequence[Sequence[str | int | float]]) -> str:
    """Return the rows as an HTML page with audio players."""
    lines = []
    for row in rows:
        cells = [escape(str(cell)) for cell in row]
        cells[-1] = f'<audio controls preload="none" src="{cells[-1]}"></audio>' if cells[-1] else ""
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    title = f"Tracks by tag: {escape(collection)}"
    style = "body{font-family:sans-serif}td,th{padding:.2em .6em;text-align:left}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{style}</style>'
        f"<h1>{title}</h1><table><tr>{head}</tr>\n" + "\n".join(lines) + "\n</table></html>\n"
    )
