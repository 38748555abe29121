"""Constructor arguments in checkpoints."""

import inspect
from collections.abc import Sequence

from pytorch_lightning import LightningModule
from pytorch_lightning.core.mixins.hparams_mixin import _given_hyperparameters


def keep_hyperparameters(module: LightningModule, injected: Sequence[str]) -> None:
    """Save the arguments of a module's constructor in its checkpoints. Call this first in the constructor.

    From the command line all arguments are saved, in the plain form of the configuration. A module built in Python
    gets objects for ``injected`` arguments; those are left out, since they would have to be pickled.

    Args:
        module: The module under construction.
        injected: Arguments that take sub-modules, optimisers or schedules.
    """
    from_configuration = _given_hyperparameters.get() is not None
    caller = inspect.currentframe()
    module.save_hyperparameters(
        ignore=[] if from_configuration else list(injected), frame=caller.f_back if caller else None
    )
