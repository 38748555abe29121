"""Which constructor arguments a checkpoint keeps."""

import inspect
from collections.abc import Sequence

from pytorch_lightning import LightningModule
from pytorch_lightning.core.mixins.hparams_mixin import _given_hyperparameters


def keep_hyperparameters(module: LightningModule, injected: Sequence[str]) -> None:
    """Keep the arguments of a module's constructor in its checkpoints; call it first thing in the constructor.

    Under the command line all of them are kept, in the plain form the configuration gives. A module built by hand
    gets live objects for ``injected`` arguments; those are left out, since they would have to be pickled.

    Args:
        module: The module under construction.
        injected: Arguments that take sub-modules, optimisers or schedules.
    """
    from_configuration = _given_hyperparameters.get() is not None
    caller = inspect.currentframe()
    module.save_hyperparameters(
        ignore=[] if from_configuration else list(injected), frame=caller.f_back if caller else None
    )
