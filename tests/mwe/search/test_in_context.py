"""Queries in a context on a real library: other companions, other tracks; unknown tags and stale vectors are named."""

import json
from pathlib import Path

import numpy as np
import pytest

from mwe.cli import main
from mwe.search import Library

TAGS = ("guitar", "acoustic", "folk", "metal", "live")
RENAMED = {"low": "guitar", "middle": "guitar", "high": "guitar", "pure": "acoustic|folk", "buzzing": "metal|live"}
HERE = ("--workers", "0", "--devices", "1", "--accelerator", "cpu")


@pytest.fixture(scope="module")
def trained(prepared, miniature, context_arrays, tmp_path_factory) -> Path:
    """The miniature with pure tones as acoustic folk guitars and buzzing ones as live metal ones: run and library."""
    root = tmp_path_factory.mktemp("in_context")
    folder = root / "guitars"
    folder.mkdir()
    (folder / "audio").symlink_to(miniature / "audio")
    lines = [line.split("\t") for line in (miniature / "tracks.tsv").read_text(encoding="utf-8").splitlines()]
    for line in lines[1:]:
        line[3] = "|".join(RENAMED[tag] for tag in line[3].split("|") if tag in RENAMED)
    (folder / "tracks.tsv").write_text("\n".join("\t".join(line) for line in lines) + "\n", encoding="utf-8")
    corpus, collection = str(root / "corpus.txt"), ["--collection", "FolderTracks", "--collection.root", str(folder)]
    main(["words", "corpus", *collection, "--out", corpus])
    main(["words", "train", "--corpus", corpus, "--out", str(root / "words"), "--settings.dim", "8"])
    context_arrays(root / "context", TAGS, width=8, pull_M=np.full(2, 3.0))
    given = [
        *prepared._replace(collection=folder, words=root / "words").arguments(), "--model.artist", "0",
        "--model.context", "1", "--data.context", "TagsInContext", "--data.context.vectors", str(root / "context"),
        "--trainer.max_epochs", "12", "--model.optimizer.lr", "0.01",
        "--trainer.logger.save_dir", str(root / "runs"),
    ]  # fmt: skip
    main(["fit", *given])
    main(["index", str(folder), "--model", str(root / "runs/demo/joint/seed0"), "--out", str(root / "library"), *HERE])
    return root


def hits(capsys, root, *given):
    capsys.readouterr()
    main(["search", *given, "--library", str(root / "library"), "--k", "12", "--format", "json"])
    return json.loads(capsys.readouterr().out)


def share(found, tag):
    return sum(tag in hit["tags"] for hit in found["hits"]) / len(found["hits"])


def test_other_companions_find_other_tracks(trained, capsys):
    folk = hits(capsys, trained, "--context", "acoustic,folk", "guitar")
    metal = hits(capsys, trained, "guitar", "--context", "metal, live")
    assert share(folk, "folk") > 0.8
    assert share(metal, "metal") > 0.8
    assert [hit["track_id"] for hit in folk["hits"]] != [hit["track_id"] for hit in metal["hits"]]
    assert folk["terms"] == [{"weight": 1.0, "understood": "tag guitar among acoustic, folk"}]
    asked = Library(trained / "library").search("tag:guitar", 12, context=["FOLK", "acoustic"])
    assert [hit.track_id for hit in asked.hits] == [hit["track_id"] for hit in folk["hits"]]


def test_terms_of_other_kinds_keep_their_meaning(trained, capsys):
    both = hits(capsys, trained, "guitar + track:t00", "--context", "metal,live")
    assert [term["understood"] for term in both["terms"]] == ["tag guitar among metal, live", "track t00"]
    plain = hits(capsys, trained, "guitar")
    assert plain["terms"] == [{"weight": 1.0, "understood": "guitar"}]


def test_unknown_tags_are_named(trained):
    for given, what in (
        (("guitar", "--context", "acoustik"), "unknown tag 'acoustik'.*nearest: 'acoustic'"),
        (("gitar", "--context", "folk"), "unknown tag 'gitar'.*nearest: 'guitar'"),
    ):
        with pytest.raises(SystemExit, match=f"mwe search: .*{what}"):
            main(["search", *given, "--library", str(trained / "library")])


def test_a_model_of_words_alone_says_what_it_lacks(run, miniature, tmp_path):
    main(["index", str(miniature), "--model", str(run), "--out", str(tmp_path / "library"), *HERE])
    with pytest.raises(SystemExit, match=r"was not trained on tags in context.*docs/how-to/context\.md"):
        main(["search", "low", "--context", "pure", "--library", str(tmp_path / "library")])


def test_vectors_written_anew_are_refused(trained, context_arrays, capsys):
    """Last, since it spoils the folder for the others."""
    context_arrays(trained / "context", TAGS, seed=1)
    with pytest.raises(SystemExit, match=r"not the tags in context that .* was trained on"):
        main(["search", "guitar", "--context", "folk", "--library", str(trained / "library")])
    context_arrays(trained / "context", TAGS, width=8, pull_M=np.full(2, 3.0))
    assert hits(capsys, trained, "guitar", "--context", "folk")["hits"]
