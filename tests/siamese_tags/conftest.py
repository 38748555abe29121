"""A miniature CAL500: JAMS files as upstream writes them, with two kinds of songs whose tags go together."""

import gzip
import json
import random
from pathlib import Path

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer, seed_everything

from siamese_tags.documents import Cal500
from siamese_tags.fold_data import PrimingData

CALM = [f"Emotion-Calm_{n}" for n in range(9)]
LOUD = [f"Instrument_-_Loud_{n}" for n in range(9)]
SHARED = ["Song-Recorded", "Usage-Driving", "NOT-Song-Changing_Energy_Level", "Vocals-Spoken"]
N_DOCUMENTS = 31


def jams(tags: list[str], title: str, artist: str = "nobody") -> dict:
    data = [{"value": tag, "duration": 200.5, "time": 0.0, "confidence": 0.75} for tag in tags]
    return {
        "file_metadata": {"artist": artist, "identifiers": {}, "title": title, "jams_version": "0.2.1"},
        "sandbox": {"content_path": f"{artist}-{title}"},
        "annotations": [{"sandbox": {}, "data": data, "namespace": "tag_cal500"}],
    }


def write_jams(path: Path, tags: list[str], title: str = "song", artist: str = "nobody") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        json.dump(jams(tags, title, artist), file)


@pytest.fixture(scope="session")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ``jams/0.jamz`` to ``jams/30.jamz``: 22 tags, and one Genre-Best tag that readers leave out."""
    root = tmp_path_factory.mktemp("cal500")
    draw = random.Random(0)
    for number in range(N_DOCUMENTS):
        kind = (CALM, LOUD)[number % 2]
        tags = draw.sample(kind, draw.randint(4, 8)) + draw.sample(SHARED, draw.randint(1, 2)) + ["Genre-Best--_Rock"]
        write_jams(root / "jams" / f"{number}.jamz", tags, f"song_{number}", f"artist_{number // 2}")
    return root


@pytest.fixture
def mini_data(miniature: Path):
    """Datamodules on the miniature; keywords change the settings."""

    def build(**settings) -> PrimingData:
        defaults = {"n_topics": 4, "topic_iterations": 10, "batch_size": 64, "eval_batch_size": 5}
        return PrimingData(Cal500(str(miniature)), **{**defaults, **settings})

    return build


@pytest.fixture
def fit(tmp_path: Path):
    """Fit a model and return the trainer."""

    def run(
        model: LightningModule,
        data: PrimingData,
        epochs: int,
        ckpt_path: Path | None = None,
        seed: int = 0,
        callbacks: list[Callback] | None = None,
    ):
        seed_everything(seed, verbose=False)
        trainer = Trainer(
            max_epochs=epochs,
            callbacks=callbacks,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=tmp_path,
        )
        trainer.fit(model, data, ckpt_path=ckpt_path)
        return trainer

    return run


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)
