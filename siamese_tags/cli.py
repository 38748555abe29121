"""The command line ``siamese-tags``: the names of the commands, and their functions as strings."""

from collections.abc import Sequence

import mwe
from mwe.core.commands import Command, Commands, ParsedCommand, Program, Stage, run_program

CONFIGS = "lightning_configs/siamese_tags"
FIRST, SECOND = (f"-c {CONFIGS}/stages/{stage}.yaml --data.init_args.fold 0" for stage in ("single_ce", "siamese_ce"))

MASKED = Program(
    "Hide half of a document's tags and find them by the other half.",
    {
        "commands": {
            "rule": Command("siamese_tags.reproduce.commands.masked:rule", "Fit and test a simple rule."),
            "unseen": Command(
                "siamese_tags.reproduce.commands.masked:unseen", "Test a simple rule on tags unseen in training."
            ),
            "table": Command("siamese_tags.reproduce.commands.masked:table", "Build the table of all rows."),
            "unseen-table": Command(
                "siamese_tags.reproduce.commands.masked:unseen_table", "Build the table of unseen tags."
            ),
            "differences": Command(
                "siamese_tags.reproduce.commands.masked:differences", "Compare pairs of rows by a paired bootstrap."
            ),
        }
    },
    (
        "siamese-tags masked rule --name ease --collection Cal10k",
        "siamese-tags masked unseen --name naive_bayes --collection Cal10k",
    ),
    "`make siamese-masked` runs all rows, folds and collections.",
    former={"unseen_table": "unseen-table"},
)
TRAIN: Commands = {
    "baseline": Command("siamese_tags.commands.baselines:baseline", "Fit and test a baseline, such as PCA or LDA."),
    "fit": Stage(
        "siamese_tags.stages:SiameseCLI",
        "Train one stage on one fold and test its final weights; write metrics.json.",
        (
            f"siamese-tags fit {FIRST}",
            f"siamese-tags fit {SECOND}",
        ),
    ),
    "test": Stage(
        "siamese_tags.stages:SiameseCLI",
        "Test a checkpoint of fit again.",
        (
            "siamese-tags test -c outputs/siamese-quick/single_ce/fold0/fit.yaml \\\n"
            "  --ckpt_path outputs/siamese-quick/single_ce/fold0/checkpoints/last.ckpt",
        ),
    ),
    "masked": MASKED,
}
ASK = {
    "related": ParsedCommand(
        "siamese_tags.commands.contexts:related", "Show the tags nearest to a tag in the context of other tags."
    ),
    "export-context": Command(
        "siamese_tags.commands.contexts:export_context", "Export the contextual embedding of a run for mwe."
    ),
}
FIGURES = Program(
    "Draw the figures of the paper.",
    {
        "commands": {
            "frequencies": Command(
                "siamese_tags.reproduce.commands.figures:frequencies", "Draw Figure 2: tag frequencies."
            ),
            "instances": Command(
                "siamese_tags.reproduce.commands.figures:instances", "Draw Figure 3: the instances of one tag."
            ),
            "curves": Command(
                "siamese_tags.reproduce.commands.figures:curves",
                "Draw Figures 4 and 5: precision by recall of all rows.",
            ),
            "spaces": Command(
                "siamese_tags.reproduce.commands.figures:spaces",
                "Draw Figure D.1: a document's tags in every space.",
            ),
        }
    },
    ("siamese-tags reproduce figures frequencies", "siamese-tags reproduce figures curves --target siamese-table1"),
)
BY_HAND = Program(
    "Make one table or figure, or choose settings, as `siamese-tags paper` does.",
    {
        "commands": {
            "table": Command("siamese_tags.reproduce.commands.tables:table", "Build a results table from run folders."),
            "choose": Command(
                "siamese_tags.reproduce.commands.settings:choose",
                "Choose the settings of both stages on validation documents.",
            ),
            "departures": Command(
                "siamese_tags.reproduce.commands.settings:departures",
                "Put each setting that departs from the paper back alone, and all of them together.",
            ),
            "topics-count": Command(
                "siamese_tags.reproduce.commands.settings:topics_count", "Count the topics of a collection."
            ),
            "figures": FIGURES,
        }
    },
    (
        "siamese-tags reproduce table --folds '[0]'",
        "siamese-tags reproduce topics-count --collection Cal500",
    ),
    "`siamese-tags paper NAME` runs what is missing, then these.",
)
REPRODUCE: Commands = {
    "paper": ParsedCommand(
        "mwe.reproduce.experiments.paper:paper",
        "Make a table or figure of the papers; run what is missing.",
    ),
    "reproduce": BY_HAND,
}
NOTES = f"""
From nothing to the table, fold 0 of CAL500 (MWE_DATA names the folder that holds cal500/):
  siamese-tags baseline --name pca --folds '[0]'
  siamese-tags fit {FIRST}
  siamese-tags fit {SECOND}
The second fit starts from the weights of the first. `make siamese-quick` runs all rows and folds.

On your own tags, a file with one id<TAB>tag per line:
  siamese-tags baseline --name pca --collection TsvDocuments --collection.path tags.tsv \\
    --out outputs/mine/pca
  siamese-tags fit -c {CONFIGS}/stages/single_ce.yaml \\
    --data {CONFIGS}/data/tsv.yaml \\
    --data.init_args.collection.init_args.path tags.tsv \\
    --trainer.logger.init_args.name mine/single_ce

In a configuration, {{fold}} and {{seed}} in the logger's name and version and in init_from stand for
the number of the fold and the seed of the run."""
PROGRAM = Program(
    f"siamese-tags {mwe.__version__}: contextualised tag semantics by a Siamese network, measured by priming.\n"
    "Given one tag of a document, are its other tags ranked before all tags that it does not have?",
    {"Train and test": TRAIN, "Ask a trained run": ASK, "Reproduce the paper": REPRODUCE},
    notes=NOTES,
    version=mwe.__version__,
    former={name: f"reproduce {name}" for name in BY_HAND.commands},
)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line.

    Args:
        args: Arguments; by default those of the process.
    """
    run_program(PROGRAM, "siamese-tags", args)
