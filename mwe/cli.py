"""The command line ``mwe``: what each command is called, and where its function is."""

from collections.abc import Sequence

import mwe
from mwe.core.commands import Command, Commands, ParsedCommand, Program, Stage, run_program

TRAINED = "-c outputs/demo/joint/seed0/fit.yaml \\\n  --ckpt_path outputs/demo/joint/seed0/checkpoints/last.ckpt"

LIBRARY = Program(
    "Make a library ready for millions of tracks, or for other programs.",
    {
        "commands": {
            "ann": Command("mwe.commands.libraries:library_ann", "Build the approximate index of a large library."),
            "export": Command("mwe.commands.libraries:library_export", "Export a library to Parquet, Arrow or Qdrant."),
        }
    },
    ("mwe library ann --library outputs/library", "mwe library export tracks.parquet"),
)
SEARCH: Commands = {
    "index": Command("mwe.commands.libraries:index", "Index audio files into a library to search."),
    "search": Command(
        "mwe.commands.queries:search_library", "Find tracks in a library by words, tags, artists or sound."
    ),
    "playlist": Command(
        "mwe.commands.playlists:playlist", "Make a playlist from seeds, or a path from one track to another."
    ),
    "tag": Command("mwe.commands.queries:tag", "Say which tags fit audio files."),
    "check": Command("mwe.commands.check:check", "Listen to whole files and name those that are broken."),
    "duplicates": Command("mwe.commands.duplicates:duplicates", "Find copies of the same recording in a library."),
    "compare": Command("mwe.commands.duplicates:compare", "Say how alike two audio files are, and in which tags."),
    "learn-tag": Command("mwe.commands.learn_tag:learn_tag", "Learn a tag of a library from a few example tracks."),
    "write-tags": Command("mwe.commands.write_tags:write_tags", "Write heard tags into audio files, when asked."),
    "serve": Command("mwe.commands.serve:serve", "Show a library in the browser."),
    "service": Command("mwe.commands.service:service", "Answer other programs over HTTP."),
    "similar": Command("mwe.commands.word_vectors:similar", "Show the words, tags, artists or tracks nearest to one."),
    "query": Command("mwe.commands.word_vectors:query", "Find tracks and tags by a query in words, without a library."),
    "library": LIBRARY,
}
TRAIN: Commands = {
    "fit": Stage(
        "mwe.stages:MweCLI",
        "Train the joint embedding.",
        (
            "mwe fit -c lightning_configs/mwe/demo/joint.yaml",
            "mwe fit -c lightning_configs/mwe/demo/joint.yaml --seed_everything 1 --trainer.max_epochs 5",
        ),
    ),
    "validate": Stage(
        "mwe.stages:MweCLI",
        "Measure a trained model on the validation tracks.",
        (f"mwe validate {TRAINED}",),
    ),
    "test": Stage(
        "mwe.stages:MweCLI",
        "Measure tagging, query-by-tag and query-by-track; write metrics.json.",
        (
            f"mwe test {TRAINED}",
            f"mwe test {TRAINED} \\\n  --trainer.accelerator cpu",
        ),
    ),
    "export": Command("mwe.commands.libraries:export", "Export a trained model to share."),
    "open-model": Command("mwe.commands.open_model:open_model", "Build the model that comes with the package."),
}
DATA = Program(
    "Describe, fetch and prepare a collection.",
    {
        "commands": {
            "list": Command("mwe.commands.collections:list_collections", "List the collections that have a reader."),
            "show": Command("mwe.commands.collections:show", "Describe a collection and verify its files."),
            "fetch": Command(
                "mwe.commands.collections:fetch", "Fetch missing files of a collection, where its terms allow it."
            ),
            "mel": Command("mwe.commands.collections:mel", "Compute the log-mel spectrograms of a collection's audio."),
            "documents": Command(
                "mwe.commands.collections:documents", "Write a collection's tags as tag documents for siamese-tags."
            ),
        }
    },
    (
        "mwe data show cal500",
        "mwe data fetch cal500",
        "mwe data mel --collection FolderTracks --collection.root ~/Music --out outputs/mine/mel",
    ),
    formerly="show",
)
WORDS = Program(
    "Train word vectors, or import published ones.",
    {
        "commands": {
            "corpus": Command("mwe.commands.collections:corpus", "Write the training text of word vectors."),
            "train": Command(
                "mwe.commands.collections:train_words", "Train word vectors on a training text by skip-gram."
            ),
            "import": Command(
                "mwe.commands.word_vectors:import_words", "Import published word vectors, such as GloVe."
            ),
        }
    },
    (
        "mwe words corpus --collection DemoTracks --out outputs/demo/corpus.txt",
        "mwe words train --corpus outputs/demo/corpus.txt --out outputs/demo/words",
        "mwe words import glove.6B.300d.txt --out outputs/glove",
    ),
    formerly="train",
)
PREPARE: Commands = {
    "data": DATA,
    "words": WORDS,
    "weights": Command(
        "mwe.commands.weights:weights", "Fetch and verify published weights: of the towers, and of English words."
    ),
    "demo": Command("mwe.commands.collections:demo", "Build the demonstration collection, which needs no download."),
}
BY_HAND = Program(
    "Make one table or figure from finished runs, as `mwe paper` does.",
    {
        "commands": {
            "table": Command("mwe.reproduce.commands.tables:table", "Build a results table from run folders."),
            "compare": Command(
                "mwe.reproduce.commands.tables:compare", "Compare rows of a results table, with intervals."
            ),
            "context-differences": Command(
                "mwe.reproduce.commands.tables:context_differences",
                "Compare ways to ask for tags in context, with intervals.",
            ),
            "corpus-statistics": Command(
                "mwe.reproduce.commands.tables:corpus_statistics", "Print Table I: the contents of a training text."
            ),
            "collection-statistics": Command(
                "mwe.reproduce.commands.tables:collection_statistics", "Print Table II: the splits of collections."
            ),
            "query-table": Command(
                "mwe.reproduce.commands.tables:query_table", "Print Table X: the tracks that queries in words find."
            ),
            "tag-table": Command(
                "mwe.reproduce.commands.tables:tag_table", "Print Table XI: the tags that fit songs best."
            ),
            "figure4": Command(
                "mwe.reproduce.commands.figures:figure4", "Draw Figure 4: similarity of pairs of words."
            ),
            "figure5-words": Command(
                "mwe.reproduce.commands.figures:figure5_words", "Draw Figure 5, first row: maps of tags."
            ),
            "figure5": Command(
                "mwe.reproduce.commands.figures:figure5", "Draw Figure 5, second row: maps of tracks and tags."
            ),
            "real-music": Command(
                "mwe.reproduce.commands.real_music:real_music", "Measure models on recordings that none has heard."
            ),
            "zeroshot": Command(
                "mwe.reproduce.commands.zeroshot:zeroshot", "Measure tower pairs side by side on many collections."
            ),
            "probes": Command(
                "mwe.reproduce.commands.zeroshot:probes",
                "Train probes of tags on the frozen vectors of tower pairs.",
            ),
            "mteb": Command(
                "mwe.reproduce.commands.mteb:mteb", "Measure a model by tasks of mteb, and write its results."
            ),
            "workspace": Command(
                "mwe.reproduce.commands.dashboards:workspace", "Build the dashboards of a Weights & Biases project."
            ),
        }
    },
    (
        "mwe reproduce table outputs/tables/descriptions/demo-joint.yaml",
        "mwe reproduce corpus-statistics outputs/demo/corpus.txt",
    ),
    "`mwe paper NAME` runs what is missing, then these.",
)
REPRODUCE: Commands = {
    "paper": ParsedCommand(
        "mwe.reproduce.experiments.paper:paper",
        "Make a table or figure of the papers; run what is missing.",
    ),
    "reproduce": BY_HAND,
}
FORMER = {
    "index-ann": "library ann",
    "library-export": "library export",
    **{name: f"data {name}" for name in ("fetch", "mel", "documents")},
    "corpus": "words corpus",
    "words-import": "words import",
    **{name: f"reproduce {name}" for name in BY_HAND.commands if name not in SEARCH},  # `compare` is of files now
}
PROGRAM = Program(
    f"mwe {mwe.__version__}: words, tags, artists and tracks in one space with the sound.",
    {
        "Search music and words": SEARCH,
        "Train and share a model": TRAIN,
        "Prepare what a model is trained on": PREPARE,
        "Reproduce the papers": REPRODUCE,
    },
    ("mwe index ~/Music", 'mwe search "calm + piano - drums"'),
    "Data is read from MWE_DATA (default: ./data), one folder per collection.\n"
    "New here? `make demo` runs all stages on a collection that needs no download.",
    mwe.__version__,
    FORMER,
)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line.

    Args:
        args: Arguments; those of the process if not given.
    """
    run_program(PROGRAM, "mwe", args)
