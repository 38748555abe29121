"""The command that builds the open model."""

from pathlib import Path

OPEN_MODEL = Path("outputs/open-model")


def open_model(out: Path = OPEN_MODEL) -> None:
    """Build the model that comes with the package.

    The open model knows real music and is made of tag documents and texts. This command trains word vectors and a
    context encoder, chooses the settings of the bridge on collections that were left out, and writes a model as
    `mwe export` does. Finished stages are kept: a build that was stopped goes on after them. The same sources give the
    same model.

    Args:
        out: Folder of the stages; the model is written into its `export`.

    Examples:
        mwe open-model
        mwe index ~/Music --model outputs/open-model/export
    """
    from mwe.open_model.build import CHOICES, OpenModel

    building = OpenModel(out)
    settings, figures = building.chosen()
    print(f"chosen on collections that were left out: {settings}\n{figures} (all settings: {out / CHOICES})")
    trained = building.export(out / "export")
    print(
        f"{len(trained.words):,} words, {trained.dim} dimensions, embedding space {trained.space} in {out / 'export'}"
    )
