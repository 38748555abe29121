"""Draw the history of the benchmarks: every ratio against its peer, over the times that it was kept.

`python -m benchmarks.history` writes the picture that docs/reference/benchmarks.md shows, and the table there.
"""

import json
import re
from pathlib import Path
from typing import Any

import matplotlib
from jsonargparse import auto_cli

from benchmarks.__main__ import HISTORY
from mwe.core.files import write_text

ROOT = Path(__file__).parent.parent
PAGE, PICTURE = ROOT / "docs/reference/benchmarks.md", ROOT / "docs/images/benchmarks.svg"
BEGIN, END = "<!-- history: begin -->", "<!-- history: end -->"
WIDTH = 2  # panels beside each other
SHOWN = re.compile(r"(?<![a-z])(ratio|times_faster|times_real_time|against)(?![a-z])")  # not shares and recalls


def read_history(path: Path = HISTORY) -> dict[str, list[dict[str, Any]]]:
    """The ratios of the history by benchmark, in the order in which they were kept."""
    kept: dict[str, list[dict[str, Any]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        told["figures"] = {path: span for path, span in told["figures"].items() if SHOWN.search(path)}
        if told["figures"]:
            kept.setdefault(told["benchmark"], []).append(told)
    return kept


def table(kept: dict[str, list[dict[str, Any]]]) -> str:
    """The newest figures as Markdown, with the least and the largest of their rounds, and those kept before."""
    rows = ["| benchmark | ratio | newest (least to largest) | before | commit |", "|---|---|---|---|---|"]
    for name, lines in sorted(kept.items()):
        newest, earlier = lines[-1], lines[:-1]
        for path, (middle, least, largest) in newest["figures"].items():
            before = [f"{line['figures'][path][0]:.3g}" for line in earlier if path in line["figures"]]
            span = f"{middle:.3g}" + (f" ({least:.3g} to {largest:.3g})" if least < largest else ", one run")
            rows.append(f"| {name} | {path} | {span} | {', '.join(before)} | {newest['commit']} |")
    return "\n".join(rows)


def draw(kept: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Draw a panel for each benchmark: its ratios over the commits, from zero on, with their spans."""
    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "benchmarks"  # equal histories give equal files
    rows = -(-len(kept) // WIDTH)
    figure, axes = pyplot.subplots(rows, WIDTH, figsize=(6 * WIDTH, 2.4 * rows), squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.set_visible(False)
    for axis, (name, lines) in zip(axes.flat, sorted(kept.items()), strict=False):
        axis.set_visible(True)
        for ratio in lines[-1]["figures"]:
            points = [(at, line["figures"][ratio]) for at, line in enumerate(lines) if ratio in line["figures"]]
            shown = [(at, span) for at, span in points if span[0] > 0]
            middle = [span[0] for _, span in shown]
            reach = [[span[0] - span[1] for _, span in shown], [span[2] - span[0] for _, span in shown]]
            axis.errorbar(
                [at for at, _ in shown], middle, yerr=reach, marker="o", markersize=3, linewidth=1, label=ratio
            )
        axis.set_ylim(0, 1.15 * max(span[2] for line in lines for span in line["figures"].values()))
        axis.set_title(name, fontsize=9)
        axis.legend(fontsize=6, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
        axis.set_xticks(range(len(lines)), [line["commit"] for line in lines], fontsize=6, rotation=30)
        axis.tick_params(axis="y", labelsize=7)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def main(history: Path = HISTORY, page: Path = PAGE, picture: Path = PICTURE) -> None:
    """Write picture and table.

    Args:
        history: The history.
        page: Page whose part between two marks becomes the table.
        picture: The picture.
    """
    kept = read_history(history)
    draw(kept, picture)
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    write_text(page, f"{before}{BEGIN}\n{table(kept)}\n{END}{rest.partition(END)[2]}")
    print(f"written: {page}, {picture}")


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
