"""The command line of every training stage: LightningCLI with run folders and ``metrics.json``."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pytorch_lightning import LightningDataModule, LightningModule, Trainer
from pytorch_lightning.cli import LightningCLI, SaveConfigCallback

from mwe.core import quiet  # noqa: F401 - imported for its effect
from mwe.core.errors import BadFileError
from mwe.core.files import write_text, writing
from mwe.core.finite import RequireFiniteLoss
from mwe.core.manifest import PACKAGES, manifest
from mwe.core.preempt import StopBetweenSteps
from mwe.core.resume import KeepDraws
from mwe.core.runs import RunMetrics, run_dir

Data = TypeVar("Data", bound=LightningDataModule)


def datamodule_of(module: LightningModule, kind: type[Data]) -> Data:
    """Return the datamodule of a module's run.

    Raises:
        TypeError: The datamodule is of another kind.
    """
    data = getattr(module.trainer, "datamodule", None)
    if not isinstance(data, kind):
        raise TypeError(
            f"{type(module).__name__} needs a {kind.__module__}.{kind.__name__}, not a {type(data).__name__}"
        )
    return data


class RunConfig(SaveConfigCallback):
    """Saves the configuration in the run folder as ``fit.yaml`` or ``test.yaml``, and passes it to the loggers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "save_to_log_dir": False})

    def save_config(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write the configuration. Only one process calls this, so it must not make collective calls."""
        run = run_dir(trainer)
        if run is None:
            return
        name = "run" if trainer.state.fn is None else trainer.state.fn.value
        text = self.parser.dump(self.config, skip_none=False)
        write_text(run / f"{name}.yaml", text)
        configuration = yaml.safe_load(text)
        for logger in trainer.loggers:
            logger.log_hyperparams({"cli": configuration})


class StageCLI(LightningCLI):
    """``fit``, ``validate`` and ``test`` for model and data given by class path."""

    def __init__(self, args: Sequence[str] | None = None, **kwargs: Any) -> None:
        super().__init__(
            LightningModule,
            LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            auto_configure_optimizers=False,
            seed_everything_default=0,
            save_config_callback=RunConfig,
            trainer_defaults={"callbacks": [KeepDraws(), RequireFiniteLoss(), StopBetweenSteps()]},
            args=None if args is None else list(args),
            **kwargs,
        )

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Return the sub-commands that the stages implement."""
        return {name: skipped for name, skipped in LightningCLI.subcommands().items() if name != "predict"}

    def _parse_ckpt_path(self) -> None:
        """Read the configuration saved in the checkpoint.

        Raises:
            BadFileError: The file is damaged or truncated, or holds more than weights and plain values.
        """
        try:
            super()._parse_ckpt_path()
        except Exception as error:  # for foreign bytes PyTorch raises anything from KeyError to UnpicklingError
            message = f"not a checkpoint of weights and plain values ({type(error).__name__})"
            path = str(self.config[self.config.subcommand].ckpt_path)
            raise BadFileError(path, message, "Give the checkpoint of a fit, or fit again.") from error

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        """Return the arguments of the trainer's method, with checkpoints read without running any code in them.

        By default, Lightning unpickles checkpoints given by a URL, and PyTorch unpickles any checkpoint if an
        environment variable is set.

        Raises:
            ValueError: The command line asks to unpickle checkpoints.
        """
        arguments: dict[str, Any] = super()._prepare_subcommand_kwargs(subcommand)
        if arguments.get("weights_only") is False:
            raise ValueError("--weights_only false: a checkpoint could then run any code. Leave it out.")
        return {**arguments, "weights_only": True}

    def _run_subcommand(self, subcommand: str) -> None:
        """Run it. If checkpoints or figures cannot be written, the error names the folder of the run."""
        with writing(run_dir(self.trainer) or Path.cwd()):
            super()._run_subcommand(subcommand)

    def before_test(self) -> None:
        """Refuse to measure random weights, which Lightning does silently."""
        self.require_weights()

    def before_validate(self) -> None:
        """Refuse to measure random weights, which Lightning does silently."""
        self.require_weights()

    def require_weights(self) -> None:
        """Require a checkpoint for a model that has something to train.

        Raises:
            ValueError: No checkpoint was given.
        """
        trainable = any(parameter.requires_grad for parameter in self.model.parameters())
        if trainable and not self._get(self.config, "ckpt_path"):
            raise ValueError(
                f"{self.subcommand}: this model has trainable weights and no --ckpt_path was given, so random weights "
                "would be measured. Give the checkpoint of a fit, such as --ckpt_path outputs/.../checkpoints/last.ckpt"
            )

    def after_test(self) -> None:
        """Write ``metrics.json``."""
        self.write_metrics()

    def write_metrics(self) -> None:
        """Write the metrics that the run logged into its folder. All processes compute, one writes."""
        run = run_dir(self.trainer)
        if run is None or not self.trainer.is_global_zero:
            return
        values = {name.removeprefix("test/"): float(value) for name, value in self.trainer.callback_metrics.items()}
        seed = self._get(self.config, "seed_everything")
        notes = dict(getattr(self.model, "notes", {}))
        inputs = getattr(self.datamodule, "identity", None) or notes.get("data", {})
        path = RunMetrics(
            metrics={name: value for name, value in values.items() if math.isfinite(value)},
            collection=str(getattr(self.datamodule, "collection_name", "")),
            seed=seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
            notes=notes,
            made=manifest(inputs, {}, packages=PACKAGES),  # the settings are in fit.yaml and test.yaml
        ).write(run)
        print(f"metrics written to {_typed_path(path)}")


def _typed_path(path: Path) -> str:
    """Return a path as the user would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)
