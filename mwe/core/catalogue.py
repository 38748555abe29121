"""Metrics over a whole catalogue, independent of the sampler, the batch split and the number of processes.

Shape suffixes: N items, D numbers per item.
"""

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat


def first_of_each(ids_N: Tensor) -> Tensor:
    """Return the position of the first row of every ID, in the order of the IDs.

    Examples:
        >>> import torch
        >>> first_of_each(torch.tensor([7, 3, 7])).tolist()
        [1, 0]
    """
    unique, id_index_N = torch.unique(ids_N, return_inverse=True)
    rows = torch.arange(len(ids_N), device=ids_N.device)
    return torch.full_like(unique, len(ids_N)).scatter_reduce_(0, id_index_N, rows, "amin")


class CatalogueMetric(Metric):
    """Collects one row of numbers per item under the item's ID. Sub-classes compute from the assembled catalogue.

    The IDs are part of the state: a repeated item counts once, and the order of batches and processes has no effect.
    Metrics of one ``MetricCollection`` share the state.

    Args:
        width: Numbers per row, which a process without items needs for gathering.
        kwargs: Arguments of ``torchmetrics.Metric``.
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
            ids_N: IDs, int64.
            rows_ND: The items' rows, cast to float32.

        Raises:
            ValueError: The shapes do not fit.
        """
        if rows_ND.shape != (len(ids_N), self.width):
            raise ValueError(f"expected rows of shape ({len(ids_N)}, {self.width}), got {tuple(rows_ND.shape)}")
        self.ids.append(ids_N.long())
        self.rows.append(rows_ND.float())

    def _sync_dist(self, *args: Any, **kwargs: Any) -> None:
        """Gather the states. A process without items needs empty states of the right type, else gathering fails."""
        if not self.ids:
            self.ids = [torch.zeros(0, dtype=torch.long, device=self.device)]
            self.rows = [torch.zeros(0, self.width, device=self.device)]
        super()._sync_dist(*args, **kwargs)

    def catalogue(self) -> tuple[Tensor, Tensor]:
        """Return the IDs, in ascending order, and the rows of all items of all processes, without repeats.

        Raises:
            ValueError: A row contains NaN or infinity.
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
