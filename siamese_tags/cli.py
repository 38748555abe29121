"""The console command ``siamese-tags``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonargparse import auto_cli
from pytorch_lightning.cli import LightningArgumentParser

from mwe.core.errors import TOLD
from mwe.core.manifest import PACKAGES, manifest
from mwe.core.runs import RunMetrics
from mwe.core.stage import StageCLI
from siamese_tags.baselines import build, settings_of
from siamese_tags.choose import choose
from siamese_tags.contextual.command import related
from siamese_tags.contextual.export import export_context
from siamese_tags.datamodule import SPLITS, trained_on
from siamese_tags.documents import Cal500, Collection
from siamese_tags.documents.folds import fold as one_fold
from siamese_tags.evaluate import evaluate
from siamese_tags.figures.command import FIGURES
from siamese_tags.masked import command as masked
from siamese_tags.masked.unseen_command import unseen, unseen_table
from siamese_tags.tables.build import build_table
from siamese_tags.tables.rows import run_name
from siamese_tags.topic_count import topics_count

HELP = """\
usage: siamese-tags {fit,test,baseline,table,choose,masked,related,export-context,figures,topics-count} ...

Contextualised tag semantics by a Siamese network, measured by priming: given one tag of a document, are the
document's other tags ranked before all tags that it does not have?

commands:
  fit       train one stage on one fold, then test the final weights; writes metrics.json into the run folder
  test      test a checkpoint of fit again
  baseline  fit and test another ranking (random, popularity, pca, lsa, lda, rbm, ...), several folds at once
  table     collect the metrics.json of all rows and folds beside the published figures
  choose    settings of both stages by validation on a part of the training documents
  masked    half of a document's tags hidden and to be found by the other half: simple rules, table, differences of rows
  related   the tags nearest to a tag in the context of other tags, from a run folder and without its data set
  export-context  the contextual embedding of a run as arrays, for `mwe fit` and `mwe search --context`
  figures   the paper's pictures: frequencies, instances, curves, spaces
  topics-count  how many topics a hierarchical Dirichlet process finds in a collection, in several readings

from nothing to the table, fold 0 of CAL500 (MWE_DATA names the folder that holds cal500/):
  siamese-tags baseline --name pca --folds '[0]'
  siamese-tags fit -c lightning_configs/siamese_tags/table1/single_ce.yaml  --data.init_args.fold 0
  siamese-tags fit -c lightning_configs/siamese_tags/table1/siamese_ce.yaml --data.init_args.fold 0
The second fit starts from the weights of the first. `make siamese-quick` runs all rows and folds.

on your own tags, a file with one id<TAB>tag a line:
  siamese-tags baseline --name pca --collection TsvDocuments --collection.path tags.tsv --out outputs/mine/pca
  siamese-tags fit -c lightning_configs/siamese_tags/table1/single_ce.yaml \\
    --data lightning_configs/siamese_tags/data/tsv.yaml --data.init_args.collection.init_args.path tags.tsv \\
    --trainer.logger.init_args.name mine/single_ce

tags out of vocabulary: a collection that reserves some, in YAML (`make siamese-table3` runs all rows and folds):
  siamese-tags baseline --name pca --collection lightning_configs/siamese_tags/collection/magna_songs.yaml
  siamese-tags fit -c lightning_configs/siamese_tags/table2/single_ce.yaml --data.init_args.fold 0

hidden tags by revealed ones (`make siamese-masked` runs all rows, folds and collections):
  siamese-tags masked rule --name ease --collection Cal10k
  siamese-tags fit -c lightning_configs/siamese_tags/masked/cal10k.yaml --data.init_args.fold 0
  siamese-tags fit -c lightning_configs/siamese_tags/masked_siamese/cal10k/single.yaml --data.init_args.fold 0
  siamese-tags masked differences
  siamese-tags masked unseen --name naive_bayes --collection Cal10k
  siamese-tags fit -c lightning_configs/siamese_tags/masked/cal10k.yaml --data.init_args.unseen_share 0.05 \\
    --trainer.logger.name siamese-masked-unseen/cal10k/context_encoder
  siamese-tags masked unseen_table

ask a run, which needs no collection any more:
  siamese-tags related Genre-Rock --context Song-High_Energy --run outputs/siamese-quick/siamese_ce/fold0 -k 10
  siamese-tags export-context --run outputs/siamese-masked/cal500/context_encoder/fold0 --out outputs/context

`siamese-tags COMMAND --help` lists the options of a command, and
`siamese-tags fit --model.help siamese_tags.stage2.SiameseNetwork` those of a model.
In a configuration, {fold} in the logger's name and version and in init_from stands for the number of the fold, and
{seed} for the seed of the run.
"""


class SiameseCLI(StageCLI):
    """``fit`` and ``test``; sizes come from the data, ``fit`` ends with a test of the final weights."""

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """The sub-commands that the stages implement."""
        return {name: skipped for name, skipped in StageCLI.subcommands().items() if name in ("fit", "test")}

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Link the sizes of the network to the data."""
        for size in ("n_tags", "n_topics"):
            parser.link_arguments(f"data.{size}", f"model.init_args.{size}", apply_on="instantiate")

    def before_instantiate_classes(self) -> None:
        """Put the number of the fold in place of ``{fold}`` and the seed in place of ``{seed}``."""
        config = self.config[self.subcommand]
        number, seed = str(config.get("data.init_args.fold", "")), str(config.get("seed_everything", ""))
        loggers = config.get("trainer.logger")
        named = [(one, key) for one in loggers or () for key in ("init_args.name", "init_args.version")]
        for part, place in [*named, (config, "model.init_args.init_from")]:
            if isinstance(part.get(place), str):
                part[place] = part[place].replace("{fold}", number).replace("{seed}", seed)

    def after_fit(self) -> None:
        """Test the final weights in the same process, which saves a second start and a second fit of the features."""
        self.trainer.test(self.model, datamodule=self.datamodule, verbose=False)
        self.write_metrics()


def baseline(
    name: str,
    settings: dict[str, Any] | None = None,
    collection: Collection | None = None,
    folds: list[int] | None = None,
    n_folds: int = 3,
    fold_seed: int = 0,
    seed: int = 0,
    out: str | None = None,
) -> None:
    """Fit and test a baseline; writes ``<out>/fold<k>/metrics.json`` for each fold, ``fold<k>_seed<s>`` for a seed s.

    Args:
        name: ``random``, ``popularity``, ``lsa``, ``lda``, ``plsa``, ``pca``, ``rbm``, ``crbm``, ``infoth``, ``ease``,
            ``context_only`` or ``untrained``; with other settings ``popularity_unforced``, ``lsa_rank50``,
            ``lda_in_context``, ``plsa_in_context``, ``pca_pmi``, ``context_only_unforced``; and, for ``cbow`` and
            ``sg`` with the tags in random (s1) or fixed (s2) order and window 1 to 4, ``cbow_s1_w1`` to ``sg_s2_w4``.
        settings: Settings of the baseline to change, such as ``--settings '{rank: 50}'``. An unknown one is answered
            with the nearest known; ``siamese_tags.baselines`` documents them.
        collection: Where the tag documents come from: ``Cal500`` (the default), ``TsvDocuments`` with
            ``--collection.path``, or a YAML file, such as those of ``lightning_configs/siamese_tags/collection``.
        folds: Numbers of the folds, such as ``[0,1,2]``; all if not given.
        n_folds: Into how many folds the documents are divided.
        fold_seed: Seed of the division.
        seed: Seed of random rankings and of the order of equal scores.
        out: Folder of the runs; ``outputs/siamese-quick/<name>`` if not given.
    """
    try:
        notes = {"baseline": name, "settings": settings_of(name, seed, settings)}
        documents = (collection or Cal500()).read()
    except ValueError as error:
        sys.exit(f"siamese-tags: {error}")
    print(documents)
    for number in range(n_folds) if folds is None else folds:
        rows = one_fold(len(documents), number, n_folds, fold_seed)
        figures = evaluate(build(name, seed, settings), documents, rows, seed)
        run = Path(out or f"outputs/siamese-quick/{name}") / run_name(number, seed)
        made = manifest(trained_on(documents, documents.tags, rows.train), notes, packages=PACKAGES)
        RunMetrics(figures, documents.name, seed, notes, made).write(run)
        measured = ", ".join(f"{figures[f'{part}_map']:.2f} {part}" for part in SPLITS if f"{part}_map" in figures)
        print(f"{name}, fold {number}: MAP {measured} -> {run}")


def table(
    runs: str = "outputs/siamese-quick",
    folds: tuple[int, ...] = (0, 1, 2),
    target: str = "siamese-quick",
    out: str = "outputs/tables",
    command: str | None = None,
    seeds: tuple[int, ...] = (0,),
) -> None:
    """Write ``<out>/<target>.csv`` and ``.md`` from the runs, beside the published figures where they are comparable.

    Args:
        runs: Folder with one folder a row and in it one folder a fold, and a seed other than 0: ``fold1_seed2``.
        folds: Folds to average over.
        target: Name of the table.
        out: Folder of the tables.
        command: What the table says was typed to make its rows; each row's own command if not given.
        seeds: Seeds to average over.
    """
    path = build_table(Path(runs), folds, target, Path(out), command, seeds)
    print(path.read_text(encoding="utf-8"))


COMMANDS: dict[str, Any] = {
    "baseline": baseline,
    "table": table,
    "choose": choose,
    "masked": {
        "rule": masked.rule,
        "unseen": unseen,
        "unseen_table": unseen_table,
        "table": masked.table,
        "differences": masked.differences,
        "_help": "masked-context priming",
    },
    "export-context": export_context,
    "figures": FIGURES,
    "topics-count": topics_count,
}


def main(args: Sequence[str] | None = None) -> None:
    """Run the console command.

    Args:
        args: Arguments; those of the process if not given.
    """
    given = list(sys.argv[1:] if args is None else args)
    if not given or given[0] in ("-h", "--help"):
        print(HELP, end="")
        return
    try:
        if given[0] == "related":
            related(given[1:])
        elif given[0] in COMMANDS:
            auto_cli(COMMANDS, args=given, prog="siamese-tags", as_positional=False)
        else:
            SiameseCLI(args, parser_kwargs={"prog": "siamese-tags"})
    except TOLD as error:
        sys.exit(f"siamese-tags: {error}")
