"""The model card of an exported run: description, training data, figures and terms of use."""

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
from mwe.search.tag_table import TagTable

NOT_STATED = (
    "**Not stated.** The authors of these weights have not stated terms of use or redistribution, so ask them first. "
    "The licence of the program `mwe` (Apache-2.0) covers the code, not these weights, and the terms of the training "
    "data may apply to models trained on them."
)
# definitions by prefix of a figure's name; the first match applies
DEFINITIONS = {
    "rocauc_tag": "tracks ranked by similarity to a tag; area under the ROC curve, mean over the tags",
    "prauc_tag": "the same ranking; average precision, mean over the tags",
    "rocauc_clip": "tags ranked by similarity to a track; area under the ROC curve, mean over the tracks",
    "prauc_clip": "the same ranking; average precision, mean over the tracks",
    "recall_any": "query by track: share of tracks with a common tag among the K tracks most similar to them",
    "recall_identical": "the same, but with identical tags",
}
ENDINGS = (
    "`_seen` and `_unseen` are the tags in training and those held out from it; `_genre` and similar suffixes are the "
    "tags of a group; `_unseen_control` gives unseen tags each other's vectors, so that chance is 0.5; `_queries` "
    "ranks only the query tracks; `_low` and `_high` bound the 95 % interval of a bootstrap over tracks. Ties count by "
    "half. Tags or tracks for which nothing, or everything, is relevant are left out of a mean and counted "
    "(`_excluded`)."
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
    """Return the card: Markdown after the metadata for the Hugging Face Hub.

    Args:
        trained: The run.
        table: Its tags.
        note: Note about their scores.
        licence: Licence of the weights, as its authors give it; None if it is not stated.
        name: Name of the model in examples.
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
        "Tags": [
            _tags(table),
            f"{note[:1].upper()}{note[1:].split(' (')[0]}.",
        ],  # without details, which may contain a path
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
        collection = metrics.collection if metrics and metrics.collection else "not known"
        yield f"Collection: {collection}, read by `{reader}`. It was not available when this card was written."
    else:
        yield f"Collection, read by `{reader}`: {tracks.summary()}."
        yield "*Unseen* tags were held out from training on audio; figures are of the test split."
        if (folder := Path(getattr(trained.data.reader, "root", "")).name) in names():
            dataset = declared(folder)
            yield f"{dataset.title} ({dataset.homepage}). Its terms: {dataset.licence}. To cite: {dataset.citation}"
    if metrics is not None and isinstance(hashes := metrics.notes.get("data"), Mapping):
        yield "Hashes of the test data: " + ", ".join(f"{name} `{value}`" for name, value in hashes.items()) + "."
    made = {key: value for key, value in trained.words.made.items() if key != "settings"}
    kinds = Counter(trained.words.kinds)
    counted = ", ".join(f"{count:,} {kind}s" for kind, count in sorted(kinds.items()))
    yield f"Word vectors: {len(trained.words):,} of {trained.words.dim} dimensions ({counted})."
    yield _listed(_flat({**made, **trained.words.made.get("settings", {})}))


def _training(trained: TrainedModel, configured: Mapping[str, Any], metrics: RunMetrics | None) -> Iterator[str]:
    seed = configured.get("seed_everything")
    test_seed = f", of the test {metrics.seed}" if metrics and metrics.seed not in (None, seed) else ""
    yield f"mwe {mwe.__version__}; seed {seed}{test_seed}; {configured['trainer'].get('max_epochs')} epochs at most."
    model = {key: value for key, value in configured["model"]["init_args"].items() if key != "encoder"}
    batches = {key: getattr(trained.data, key) for key in ("batch_size", "repeats")}
    yield _listed(_flat({"encoder": trained.encoder, **model, **batches}))
    if trained.model.contextual is not None:
        yield "Its encoder of tags in context is not shared."


def _tags(table: TagTable) -> str:
    groups: dict[str, list[str]] = {}
    for tag, group, seen in zip(table.tags, table.groups, table.seen, strict=True):
        groups.setdefault(group or "without a group", []).append(tag if seen else f"*{tag}*")
    lines = [f"- {group}: {', '.join(names)}" for group, names in sorted(groups.items())]
    first = f"{len(table):,} tags; those not in training are in italics. Queries are not limited to them."
    return "\n".join([first, "", *lines])


def _figures(metrics: RunMetrics | None) -> Iterator[str]:
    if metrics is None:
        yield "None: the run has no `metrics.json`, which `mwe test` writes."
        return
    yield f"Measured by `mwe test` on the test tracks of {metrics.collection or 'the collection'}:"
    counted = {name: int(value) for name, value in metrics.metrics.items() if name.endswith(("_excluded", "_vector"))}
    rows = [f"| {name} | {value:.4g} |" for name, value in sorted(metrics.metrics.items()) if name not in counted]
    yield "\n".join(["| figure | value |", "|---|---|", *rows])
    used = [start for start in DEFINITIONS if any(name.startswith(start) for name in metrics.metrics)]
    yield "\n".join(f"- `{start}`: {DEFINITIONS[start]}" for start in used)
    yield ENDINGS
    counted |= {name: value for name, value in metrics.notes.items() if isinstance(value, int)}
    if counts := ", ".join(f"{name} {value}" for name, value in sorted(counted.items()) if value):
        yield f"Counted: {counts}."


def _listed(values: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())


def _flat(values: Mapping[str, Any], start: str = "") -> dict[str, Any]:
    """Return settings by dotted name, without unset ones and without paths, which are private."""
    settings: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            settings |= _flat(value, f"{start}{name}.")
        elif value is not None and not (isinstance(value, str) and ("/" in value or "\\" in value)):
            settings[f"{start}{name}"] = value
    return settings
