"""Metrics over a whole catalogue, right whatever the sampler, batch split or number of processes did.

Shape suffixes: N items, D numbers an item.
"""

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat


def first_of_each(ids_N: Tensor) -> Tensor:
    """Positions of the first row of every id, in the order of the ids."""
    unique, place = torch.unique(ids_N, return_inverse=True)
    rows = torch.arange(len(ids_N), device=ids_N.device)
    return torch.full_like(unique, len(ids_N)).scatter_reduce_(0, place, rows, "amin")


class CatalogueMetric(Metric):
    """Collects one row of numbers per item under the item's id; sub-classes compute from the assembled catalogue.

    The ids are part of the state: a repeated item counts once, and the order of batches and processes has no effect.
    Metrics of one ``MetricCollection`` share the state.

    Args:
        width: Numbers a row, needed so that a process without items can take part in the gathering.
        kwargs: Passed to ``torchmetrics.Metric``.
    """

    full_state_update = False
    higher_is_better = True
    ids: list[Tensor]
    rows: list[Tensor]

    def __init__(self, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.add_state("ids", default=[], dist_reduce_fx="cat")
        self.add_state("rows", default=[], dist_reduce_fx="cat")

    def update(self, ids_N: Tensor, rows_ND: Tensor) -> None:
        """Add items.

        Args:
            ids_N: int64 ids.
            rows_ND: The items' rows, cast to float32.

        Raises:
            ValueError: Shapes do not fit, or a row is not finite (the ids are named).
        """
        if rows_ND.shape != (len(ids_N), self.width):
            raise ValueError(f"expected rows of shape ({len(ids_N)}, {self.width}), got {tuple(rows_ND.shape)}")
        self.ids.append(ids_N.long())
        self.rows.append(rows_ND.float())

    def _sync_dist(self, *args: Any, **kwargs: Any) -> None:
        """Gather; a process without items offers empty states of the right type, else the gathering fails."""
        if not self.ids:
            self.ids = [torch.zeros(0, dtype=torch.long, device=self.device)]
            self.rows = [torch.zeros(0, self.width, device=self.device)]
        super()._sync_dist(*args, **kwargs)

    def catalogue(self) -> tuple[Tensor, Tensor]:
        """All items seen by all processes: ids in ascending order and their rows, repeats dropped.

        Raises:
            ValueError: A row holds NaN or infinity; the first ids are named.
        """
        if not len(self.ids):
            return torch.zeros(0, dtype=torch.long, device=self.device), torch.zeros(0, self.width, device=self.device)
        ids_N, rows_ND = dim_zero_cat(self.ids), dim_zero_cat(self.rows)
        keep = first_of_each(ids_N)
        ids_N, rows_ND = ids_N[keep], rows_ND[keep]
        broken = ~torch.isfinite(rows_ND).all(dim=1)
        if broken.any():
            raise ValueError(f"not finite: items {ids_N[broken][:5].tolist()} ({int(broken.sum())} in all)")
        return ids_N, rows_ND
