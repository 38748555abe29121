"""The model card of an exported run: what it is, what it was trained on, what it can do, and on what terms."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import mwe
from mwe.core.datasets import declared, names
from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import read_yaml
from mwe.core.runs import RunMetrics
from mwe.joint.pretrained import METRICS
from mwe.search.model import CONFIGURATION, TrainedModel
from mwe.search.tags import TagTable

NOT_STATED = (
    "**Not stated.** The maker of these weights has not said on what terms others may use or pass them on, so ask "
    "before you do. The licence of the program `mwe` (Apache-2.0) is that of the code, not of these weights, and the "
    "terms of the training data may bind what is learnt from them."
)
# the beginnings of names of figures; the first that fits explains
DEFINITIONS = {
    "rocauc_tag": "tracks are ranked by their likeness to a tag; area under the ROC curve, mean over the tags",
    "prauc_tag": "the same ranking; average precision, mean over the tags",
    "rocauc_clip": "tags are ranked by their likeness to a track; area under the ROC curve, mean over the tracks",
    "prauc_clip": "the same ranking; average precision, mean over the tracks",
    "recall_any": "query by track: share of tracks that have, among the K tracks most like them, one with a common tag",
    "recall_identical": "the same, one with the very same tags",
}
ENDINGS = (
    "`_seen` and `_unseen` are the tags that training had and those held back from it, `_genre` and the like the tags "
    "of a group; `_unseen_control` gives unseen tags each other's vectors, so that chance is 0.5; `_queries` ranks the "
    "queried tracks alone; `_low` and `_high` bound the 95 % interval of a bootstrap over tracks. Ties count by half. "
    "Tags or tracks that have nothing, or everything, to be found are left out of a mean and counted (`_excluded`)."
)
USE = """```python
from mwe import JointEmbedding

model = JointEmbedding.from_pretrained("{name}")  # this folder, or its name on the Hugging Face Hub
```

```
mwe index ~/music --model {name}
mwe search "calm + piano - drums"
mwe tag some.ogg
```"""


def model_card(trained: TrainedModel, table: TagTable, note: str, licence: str | None, name: str) -> str:
    """The card, Markdown behind the metadata that the Hugging Face Hub reads.

    Args:
        trained: The run.
        table: Its tags.
        note: What their scores rest on.
        licence: Licence of the weights, as its maker gives it; none where it is not stated.
        name: What examples call the model.
    """
    configured = read_yaml(trained.run / CONFIGURATION, "Give the run folder that `mwe fit` wrote.")
    metrics = _metrics(trained)
    about: dict[str, Any] = {"library_name": "mwe", "tags": ["music", "audio", "tagging", "zero-shot", "retrieval"]}
    if licence:
        about["license"] = licence.lower()
    parts = {
        "": ["A joint embedding of audio and words: sound, tags, words, artists and tracks in one space."],
        "Use": [USE.format(name=name)],
        "Licence of the weights": [licence or NOT_STATED],
        "Data": [*_data(trained, metrics)],
        "Training": [*_training(trained, configured, metrics)],
        "Input": [_listed(_flat(trained.preprocessing.to_dict())), f"Embedding space `{trained.space}`."],
        "Tags": [_tags(table), f"{note[:1].upper()}{note[1:].split(' (')[0]}."],  # behind it may stand a path
        "Figures": [*_figures(metrics)],
    }
    lines = [f"---\n{yaml.safe_dump(about, sort_keys=False).strip()}\n---", f"# {name}"]
    for title, paragraphs in parts.items():
        lines += [f"## {title}"] if title else []
        lines += paragraphs
    return "\n\n".join(lines) + "\n"


def _metrics(trained: TrainedModel) -> RunMetrics | None:
    path = trained.run / METRICS
    return RunMetrics.read(path) if path.is_file() else None


def _data(trained: TrainedModel, metrics: RunMetrics | None) -> Iterator[str]:
    reader = type(trained.data.reader).__name__
    try:
        tracks = trained.data.tracks
    except (MissingDataError, BadFileError):
        collection = metrics.collection if metrics and metrics.collection else "not told"
        yield f"Collection: {collection}, read by `{reader}`. It was not at hand when this card was written."
    else:
        yield f"Collection, read by `{reader}`: {tracks.summary()}."
        yield "Tags that are *unseen* were held back from training on audio; figures are of the test split."
        if (folder := Path(getattr(trained.data.reader, "root", "")).name) in names():
            one = declared(folder)
            yield f"{one.title} ({one.homepage}). Its terms: {one.licence}. To cite: {one.citation}"
    if metrics is not None and isinstance(hashes := metrics.notes.get("data"), Mapping):
        yield "Hashes of what was measured on: " + ", ".join(f"{name} `{one}`" for name, one in hashes.items()) + "."
    made = {key: value for key, value in trained.words.made.items() if key != "settings"}
    kinds = Counter(trained.words.kinds)
    counted = ", ".join(f"{count:,} {kind}s" for kind, count in sorted(kinds.items()))
    yield f"Word vectors: {len(trained.words):,} of {trained.words.dim} dimensions ({counted})."
    yield _listed(_flat({**made, **trained.words.made.get("settings", {})}))


def _training(trained: TrainedModel, configured: Mapping[str, Any], metrics: RunMetrics | None) -> Iterator[str]:
    seed = configured.get("seed_everything")
    tested = f", of the test {metrics.seed}" if metrics and metrics.seed not in (None, seed) else ""
    yield f"mwe {mwe.__version__}; seed {seed}{tested}; {configured['trainer'].get('max_epochs')} epochs at most."
    model = {key: value for key, value in configured["model"]["init_args"].items() if key != "encoder"}
    batches = {key: getattr(trained.data, key) for key in ("batch_size", "repeats")}
    yield _listed(_flat({"encoder": trained.encoder, **model, **batches}))
    if trained.model.contextual is not None:
        yield "Its encoder of tags in context is not part of what is shared."


def _tags(table: TagTable) -> str:
    groups: dict[str, list[str]] = {}
    for tag, group, seen in zip(table.tags, table.groups, table.seen, strict=True):
        groups.setdefault(group or "without a group", []).append(tag if seen else f"*{tag}*")
    told = [f"- {group}: {', '.join(own)}" for group, own in sorted(groups.items())]
    first = f"{len(table):,} tags, in italics those that training did not have. Queries are not bound to them."
    return "\n".join([first, "", *told])


def _figures(metrics: RunMetrics | None) -> Iterator[str]:
    if metrics is None:
        yield "None: the run has no `metrics.json`, as `mwe test` writes it."
        return
    yield f"Measured by `mwe test` on the test tracks of {metrics.collection or 'the collection'}:"
    counted = {name: int(value) for name, value in metrics.metrics.items() if name.endswith(("_excluded", "_vector"))}
    rows = [f"| {name} | {value:.4g} |" for name, value in sorted(metrics.metrics.items()) if name not in counted]
    yield "\n".join(["| figure | value |", "|---|---|", *rows])
    used = [start for start in DEFINITIONS if any(name.startswith(start) for name in metrics.metrics)]
    yield "\n".join(f"- `{start}`: {DEFINITIONS[start]}" for start in used)
    yield ENDINGS
    counted |= {name: value for name, value in metrics.notes.items() if isinstance(value, int)}
    if told := ", ".join(f"{name} {value}" for name, value in sorted(counted.items()) if value):
        yield f"Counted: {told}."


def _listed(values: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())


def _flat(values: Mapping[str, Any], start: str = "") -> dict[str, Any]:
    """Settings by dotted name, without those that are not set and without paths, which are nobody else's business."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{start}{name}.")
        elif value is not None and not (isinstance(value, str) and ("/" in value or "\\" in value)):
            found[f"{start}{name}"] = value
    return found
