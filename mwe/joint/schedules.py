"""Learning-rate schedules that torch lacks."""

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


class InverseTimeDecay(LambdaLR):
    """Divides the rate by ``1 + decay * steps``, the decay of Keras that the paper uses (section IV-B).

    Step it with every training step (``scheduler_interval: step``).

    Args:
        optimizer: The optimiser.
        decay: Decay per step.

    Examples:
        >>> import torch
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        >>> schedule = InverseTimeDecay(optimizer, decay=0.5)
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer: Optimizer, decay: float = 1e-6) -> None:
        super().__init__(optimizer, lambda step: 1 / (1 + decay * step))
