"""Every part of the joint embedding's configurations goes with the demonstration's row."""

from pathlib import Path

import pytest

from mwe.cli import main

CONFIGS = Path(__file__).parents[3] / "lightning_configs/mwe"
ROW = CONFIGS / "demo/joint.yaml"
PARTS = sorted(path for part in ("data", "trainer") for path in (CONFIGS / part).glob("*.yaml"))


@pytest.mark.parametrize("path", PARTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_part_parses_against_the_real_signatures(path, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["fit", "-c", str(ROW), f"--{path.parent.name}", str(path), "--print_config"])
    assert ended.value.code == 0
    assert "mwe.joint.JointEmbedding" in capsys.readouterr().out
