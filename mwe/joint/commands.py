"""Commands on runs of the joint embedding: Figure 5, dashboards."""

from pathlib import Path

from mwe.core.errors import MissingDataError
from mwe.core.pictures import save
from mwe.joint.map import CALLBACK, MAP, JointPlane, draw_joint
from mwe.joint.workspace import View, build_view

RUNS = Path("outputs")


def figure5(
    maps: dict[str, str],
    clusters: dict[str, list[str]] | None = None,
    title: str = "Tracks and tags in the joint space",
    runs: Path = RUNS,
    out: Path = RUNS / "figures/figure5-joint.png",
) -> None:
    """Draw the second row of Figure 5: maps of tracks and tags in the joint spaces of several runs.

    Args:
        maps: Run folders below that of the runs, by the title of their panel; runs without a map, which a test with
            the callback JointMap leaves, are left out and named.
        clusters: Tags that are coloured and named, by the name of what they have in common; by default all, by group.
        title: Title of the picture; the collections and the way of laying out are added.
        runs: Folder of the runs.
        out: The PNG; an SVG is written beside it.
    """
    found = {name: runs / run for name, run in maps.items() if (runs / run / MAP).is_file()}
    for name in [name for name in maps if name not in found]:
        print(f"left out: {name}, no map in {runs / maps[name]}")
    if not found:
        raise MissingDataError(f"no maps below {runs}. Test the runs with {CALLBACK}.")
    planes = {name: JointPlane.read(run) for name, run in found.items()}
    told = dict.fromkeys(f"{plane.collection}, {plane.method}" for plane in planes.values())
    paths = save(draw_joint(planes, clusters, f"{title}: {'; '.join(told)}"), out)
    print(f"written: {', '.join(map(str, paths))}")


def workspace(views: list[View], entity: str, project: str = "mwe", save: bool = False) -> None:
    """Build the dashboards of a Weights & Biases project, and send them if asked to.

    Args:
        views: The views (``--config lightning_configs/mwe/workspace.yaml``).
        entity: Whose project it is: a user or a team.
        project: The project.
        save: Whether the views are sent, which needs a connection and an account; else they are only checked.
    """
    for view in views:
        built = build_view(view, entity, project)
        told = ", ".join(f"{section.name} ({len(section.panels)})" for section in view.sections)
        print(f"{view.name}: {told}")
        if save:
            built.save()
    if not save:
        print(f"checked, not sent to {entity}/{project} (`--save true` does)")
