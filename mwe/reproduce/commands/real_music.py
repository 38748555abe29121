"""The command that measures models on real recordings."""

from pathlib import Path

FIGURES = ("ROC-AUC by tag", "ROC-AUC by clip", "ROC-AUC by clip, calibrated", "precision@5 of queries")


def real_music(
    recordings: Path,
    /,
    out: Path = Path("outputs/tables"),
    model: Path = Path("open"),
    demo: Path | None = None,
    glove: Path | None = None,
) -> None:
    """Measure models on recordings that none has heard.

    Writes `real-music.csv` and `real-music.md`: areas under the curves by tag and by recording, over tags that are a
    class of the towers and over others, precision of queries in words, and tags that neighbours have in common, with
    intervals by tracks and by artists.

    Args:
        recordings: Folder with a `tracks.tsv`, or an `autotagging.tsv` in the format of MTG-Jamendo.
        out: Folder of the table.
        model: The open model.
        demo: Run of the demonstration's model, such as `outputs/demo/joint/seed0`; without one its row is left out.
        glove: Folder of imported GloVe vectors; without one that row is left out.

    Examples:
        mwe reproduce real-music data/audio_clips --demo outputs/demo/joint/seed0
        mwe reproduce real-music ~/Music/tagged --out outputs/mine
    """
    from mwe.reproduce.real_music import real_music_table

    table = real_music_table(recordings, out, model, demo, glove)
    for row, figures in table.items():
        shown = ", ".join(f"{name} {figures[name].value:.3f}" for name in FIGURES if name in figures)
        print(f"{row:32} {shown}")
    print(f"all figures with their intervals: {out / 'real-music.md'}")
