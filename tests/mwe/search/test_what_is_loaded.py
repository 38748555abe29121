"""What the commands that people wait for import: nothing that only training, tables or the page need."""

import subprocess
import sys

import pytest

from mwe.audio.predict import Hardware
from mwe.search.index import index_library
from mwe.search.model_export import export_run

TRAINING = {"pytorch_lightning", "lightning_fabric", "torchmetrics", "transformers", "torch._dynamo", "wandb"}
OTHERS = {"pandas", "sklearn", "gensim", "matplotlib", "gradio", "sympy", "onnxruntime", "umap"}
HEARING = {"torch", "librosa", "pyloudnorm", "scipy.signal", "numba", "av", "soundfile"}
NOT_LOADED = {
    "search": TRAINING | OTHERS | HEARING | {"scipy"},
    "compare": TRAINING | OTHERS,
    "tag": TRAINING | OTHERS,
}
LOADED_BY = """
import sys
from mwe.cli import main
main({typed!r})
loaded = sorted({not_loaded!r} & set(sys.modules))
assert not loaded, f"loaded: {{loaded}}"
"""


@pytest.fixture(scope="module")
def exported(run, miniature, tmp_path_factory):
    """A library that was made by an exported model."""
    folder = tmp_path_factory.mktemp("exported")
    export_run(run, folder / "model")
    hardware = Hardware(workers=0, devices=1, accelerator="cpu")
    index_library([miniature / "audio"], folder / "model", folder / "library", hardware=hardware)
    return folder / "library"


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        ("search", ["search", "low + pure - high"]),
        ("compare", ["compare", "AUDIO/t00.flac", "AUDIO/t03.flac"]),
        ("tag", ["tag", "AUDIO/t01.flac"]),
    ],
)
def test_what_a_command_does_not_import(command, typed, exported, miniature):
    typed = [part.replace("AUDIO", str(miniature / "audio")) for part in typed]
    code = LOADED_BY.format(typed=[*typed, "--library", str(exported)], not_loaded=NOT_LOADED[command])
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()
