"""The training stages of the command line, by LightningCLI."""

from pytorch_lightning.cli import LightningArgumentParser

from mwe.core.stage import StageCLI


class SiameseCLI(StageCLI):
    """``fit`` and ``test``. Sizes are set from the data; ``fit`` ends with a test of the final weights."""

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Return the sub-commands that the stages implement."""
        return {name: skipped for name, skipped in StageCLI.subcommands().items() if name in ("fit", "test")}

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Link the sizes of the network to the data."""
        for size in ("n_tags", "n_topics"):
            parser.link_arguments(f"data.{size}", f"model.init_args.{size}", apply_on="instantiate")

    def before_instantiate_classes(self) -> None:
        """Replace ``{fold}`` by the number of the fold and ``{seed}`` by the seed."""
        config = self.config[self.subcommand]
        number, seed = str(config.get("data.init_args.fold", "")), str(config.get("seed_everything", ""))
        loggers = config.get("trainer.logger")
        names = [(logger, key) for logger in loggers or () for key in ("init_args.name", "init_args.version")]
        for part, key in [*names, (config, "model.init_args.init_from")]:
            if isinstance(part.get(key), str):
                part[key] = part[key].replace("{fold}", number).replace("{seed}", seed)

    def after_fit(self) -> None:
        """Test the final weights in the same process, which avoids a second start and a second fit of the features."""
        self.trainer.test(self.model, datamodule=self.datamodule, verbose=False)
        self.write_metrics()
