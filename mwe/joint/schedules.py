"""Learning-rate schedules that torch lacks."""

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


class InverseTimeDecay(LambdaLR):
    """The rate divided by ``1 + decay * steps``, what Keras calls decay and the paper states as such (section IV-B).

    Meant to be stepped with every training step (``scheduler_interval: step``).

    Args:
        optimizer: The optimiser.
        decay: Decay a step.
    """

    def __init__(self, optimizer: Optimizer, decay: float = 1e-6) -> None:
        super().__init__(optimizer, lambda step: 1 / (1 + decay * step))
