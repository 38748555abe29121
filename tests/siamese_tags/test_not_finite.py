"""A loss that is not finite ends the training of either stage and of the context encoder with the documents' IDs."""

from pathlib import Path

import pytest
import torch

from siamese_tags.cli import main
from siamese_tags.masked.training import MaskedContextModel
from siamese_tags.stage1 import SingleNetwork
from siamese_tags.stage2 import SiameseNetwork

CONFIGS = Path(__file__).parents[2] / "lightning_configs" / "siamese_tags" / "stages"
SMALL = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]
STAGE = ["--data.init_args.n_topics=4", "--data.init_args.batch_size=64"]
ROWS = {
    "single_ce.yaml": (SingleNetwork, [*STAGE, "--model.init_args.pretraining=null"], ""),
    "siamese_ce.yaml": (SiameseNetwork, [*STAGE, "--model.init_args.init_from=null"], " (prediction "),
    "context_encoder.yaml": (MaskedContextModel, ["--data.init_args.batch_size=4"], " (output "),
}


@pytest.mark.parametrize("row", list(ROWS))
def test_it_names_step_and_documents_and_keeps_the_checkpoint(row, miniature, tmp_path, monkeypatch):
    model, settings, parts = ROWS[row]
    step, seen = 12, []
    ordinary = model.training_step

    def spoilt(self, batch, batch_idx):
        given = ordinary(self, batch, batch_idx)
        losses = given if isinstance(given, dict) else {"loss": given}
        if self.global_step == step:
            data = self.trainer.datamodule
            seen.extend(data.item_names(batch))
            assert set(seen) <= {str(number) for number in range(31)}
            return {**losses, "loss": losses["loss"] * torch.nan}
        return losses

    monkeypatch.setattr(model, "training_step", spoilt)
    monkeypatch.chdir(tmp_path)
    callback = ["--trainer.callbacks=pytorch_lightning.callbacks.ModelCheckpoint"]
    keeps = {"save_last": "true", "every_n_train_steps": "1", "save_on_exception": "true", "save_top_k": "0"}
    callback += [f"--trainer.callbacks.init_args.{name}={value}" for name, value in keeps.items()]
    collection = f"--data.init_args.collection.init_args.root={miniature}"
    with pytest.raises(SystemExit) as ended:
        main(["fit", "-c", str(CONFIGS / row), collection, *SMALL, *settings, "--trainer.max_epochs=20", *callback])
    told = str(ended.value.code)
    assert f"siamese-tags fit: not finite: loss of step {step + 1} (epoch " in told
    assert f": loss nan{parts}" in told
    assert told.rpartition(": ")[2].split(", ") == seen
    [kept] = Path("outputs").rglob("*.ckpt")
    checkpoint = torch.load(kept, weights_only=True)
    assert checkpoint["global_step"] == step
    assert all(value.isfinite().all() for value in checkpoint["state_dict"].values())
