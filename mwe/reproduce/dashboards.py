"""Dashboards as code: views of a Weights & Biases project, described in YAML and built offline."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mwe.core.extras import require_extra

EXTRA = ("dashboards", "Dashboards need the package of workspaces")
STEP = "trainer/global_step"


@dataclass(frozen=True)
class Panel:
    """One panel.

    Args:
        kind: ``lines`` (figures over training steps), ``bars`` (one bar per run), ``table``, ``media`` (pictures or
            sound), or ``settings`` (differences between runs, including hashes of the data).
        keys: Logged names of the figures; one for a ``table``.
        title: Title; by default made from the keys.
    """

    kind: Literal["lines", "bars", "table", "media", "settings"]
    keys: list[str] = field(default_factory=list)
    title: str = ""

    def __post_init__(self) -> None:
        if (self.kind == "settings") == bool(self.keys) or (self.kind == "table" and len(self.keys) != 1):
            raise ValueError(f"a panel of kind {self.kind!r} cannot show the keys {self.keys}")


@dataclass(frozen=True)
class Section:
    """Panels under a title.

    Args:
        name: The title.
        panels: The panels.
    """

    name: str
    panels: list[Panel]


@dataclass(frozen=True)
class View:
    """A view of the runs of one table.

    Args:
        name: Name of the view.
        sections: Its sections.
        groups: Groups of runs to show; by default all.
        pinned: Figures in columns beside the names of the runs; the first one orders them.
    """

    name: str
    sections: list[Section]
    groups: list[str] = field(default_factory=list)
    pinned: list[str] = field(default_factory=list)

    def logged_names(self) -> list[str]:
        """Return the logged names of everything in the view."""
        keys = [key for section in self.sections for panel in section.panels for key in panel.keys]
        return list(dict.fromkeys([*self.pinned, *keys]))


def build_view(view: View, entity: str, project: str) -> Any:
    """Build a view with the package of workspaces, without sending it.

    Raises:
        MissingDataError: The package is not installed.
    """
    workspaces = require_extra("wandb_workspaces.workspaces", *EXTRA)
    runs: dict[str, Any] = {"pinned_columns": [f"summary:{key}" for key in view.pinned]}
    if view.groups:
        runs["filters"] = [workspaces.Metric("Group").isin(list(view.groups))]
    if view.pinned:
        runs["order"] = [workspaces.Ordering(workspaces.Summary(view.pinned[0]), ascending=False)]
    return workspaces.Workspace(
        entity=entity,
        project=project,
        name=view.name,
        sections=[
            workspaces.Section(name=section.name, panels=_panels(section.panels), is_open=True)
            for section in view.sections
        ],
        settings=workspaces.WorkspaceSettings(max_runs=50),
        runset_settings=workspaces.RunsetSettings(**runs),
    )


def _panels(panels: Sequence[Panel]) -> list[Any]:
    kinds = require_extra("wandb_workspaces.reports.v2", *EXTRA)

    def build(panel: Panel) -> Any:
        title = {"title": panel.title} if panel.title else {}
        if panel.kind == "lines":
            return kinds.LinePlot(x=STEP, y=list(panel.keys), **title)
        if panel.kind == "bars":
            return kinds.BarPlot(metrics=list(panel.keys), orientation="h", **title)
        if panel.kind == "table":
            return kinds.WeavePanelSummaryTable(table_name=panel.keys[0])
        if panel.kind == "media":
            return kinds.MediaBrowser(media_keys=list(panel.keys), **title)
        return kinds.RunComparer(diff_only="split")

    return [build(panel) for panel in panels]
