"""Adagrad with one rate per row, for tables of which each step updates few rows."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer


class RowAdagrad(Optimizer):
    """Gradient ascent with a rate for each row of a table: the base rate over the root of its summed squares.

    A row that occurs many times in a block gets the sum of its gradients, as if the pairs had come one after another.
    The rate per row keeps the sum from diverging and leaves large steps to IDs that occur once. ``step`` runs a closure
    that processes many blocks and calls ``ascend`` for each: one step of a trainer is one chunk of the corpus.

    Args:
        tables: Tables (rows, dimensions).
        epsilon: Added to the sums of squares, which keeps a row's first steps finite.
    """

    def __init__(self, tables: Iterable[Parameter], epsilon: float = 1e-4) -> None:
        super().__init__(list(tables), {"epsilon": epsilon})
        for group in self.param_groups:
            for table in group["params"]:
                self.state[table]["squares"] = torch.zeros(len(table), device=table.device)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Run the closure, which ascends."""
        return closure() if closure is not None else None

    @torch.no_grad()
    def ascend(self, table: Parameter, row_R: Tensor, gradient_RD: Tensor, rate: float) -> None:
        """Move rows along their gradients; a row may occur more than once.

        Args:
            table: One of the tables.
            row_R: Rows.
            gradient_RD: Gradient of each listed row; overwritten.
            rate: Base rate.
        """
        squares: Tensor = self.state[table]["squares"]
        squares.index_add_(0, row_R, torch.linalg.vector_norm(gradient_RD, dim=1).square_())
        scale_R = (squares.index_select(0, row_R) + self.defaults["epsilon"]).rsqrt_().mul_(rate)
        table.index_add_(0, row_R, gradient_RD.mul_(scale_R[:, None]))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the sums from a checkpoint, which Lightning reads onto the CPU."""
        super().load_state_dict(state_dict)
        for table, state in self.state.items():
            state["squares"] = state["squares"].to(table.device)
