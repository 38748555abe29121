"""The command that builds dashboards."""

from mwe.reproduce.dashboards import View, build_view


def workspace(views: list[View], entity: str, project: str = "mwe", save: bool = False) -> None:
    """Build the dashboards of a Weights & Biases project.

    They are checked, and sent only if asked to.

    Args:
        views: The views (``--config lightning_configs/mwe/workspace.yaml``).
        entity: Owner of the project: a user or a team.
        project: The project.
        save: Whether to send the views, which needs a connection and an account; otherwise they are only checked.
    """
    for view in views:
        built = build_view(view, entity, project)
        sections = ", ".join(f"{section.name} ({len(section.panels)})" for section in view.sections)
        print(f"{view.name}: {sections}")
        if save:
            built.save()
    if not save:
        print(f"checked, not sent to {entity}/{project} (`--save true` does)")
