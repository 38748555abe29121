"""The model card of the open model: what it was made of and on whose terms, by which settings, and what it does."""

import json
from collections.abc import Mapping
from typing import Any

import mwe
from mwe.encoders.weights import declaration
from mwe.open_model.sources import DATASETS, OpenSources
from mwe.open_model.validation import LeftOutFigures

CARD = """---
library_name: mwe
tags: [music, audio, tagging, zero-shot, retrieval]
license: other
---

# The open model

A joint embedding of audio and words that was made without a labelled recording. Two published networks listen
(`{towers}`); what they hear of their classes is carried over to any word by word vectors, and to other tags by a
context encoder trained on real tag documents whose tags it hears as the networks would.

## Use

```
mwe index ~/Music
mwe search "calm + piano - drums"
mwe tag some.ogg
```

## What it is made of

The weights of the networks come from the package `{package}` {version} ({network_licence}); they are not part of this
folder and are fetched and verified by `mwe weights`. What is in this folder was computed from:

| source | its own terms | what that means for use | homepage |
|---|---|---|---|
{sources}

Sources that do not allow commercial use make a difference of more than .01 and were kept, so **do not use this model
commercially** without asking their makers. No recording was used. The documents of MTG-Jamendo, MagnaTagATune and
the Million Song Dataset are those of all splits, test included: tags only, but what is measured on these test splits
should say so. Captions of Song Describer were left out, so that it can be used to measure.

## Settings

{settings}

Evidence was simulated at the published areas under the ROC curve of the networks (Pons & Serra, 2019). Settings were
chosen by leaving out one collection of documents after another, with these areas under the ROC curve on the one left
out: by tag {classes:.3f} over classes of the networks, {others:.3f} over other tags, {new:.3f} over tags that no other
collection has; by document {clips:.3f}.

Scores of tags are calibrated by the same simulation. They were never compared with recordings: read them as an order
rather than as probabilities.

## Input

{preprocessing}

mwe {mwe_version}; embedding space `{space}`.
"""


def open_card(
    towers: str, settings: Mapping[str, Any], preprocessing: Mapping[str, Any], figures: LeftOutFigures, space: str
) -> str:
    """Return the card, Markdown behind the metadata that the Hugging Face Hub reads."""
    rows = [
        f"| {dataset.title} | {dataset.licence} | {DATASETS[dataset.name]} | {dataset.homepage} |"
        for dataset in OpenSources.datasets()
    ]
    declared = declaration()
    return CARD.format(
        towers=towers,
        package=declared["package"],
        version=declared["version"],
        network_licence=declared["licence"],
        sources="\n".join(rows),
        settings=_listed(settings),
        preprocessing=_listed(preprocessing),
        mwe_version=mwe.__version__,
        space=space,
        **vars(figures),
    )


def _listed(values: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
