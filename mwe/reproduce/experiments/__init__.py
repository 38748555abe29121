"""Experiments: tables and pictures of the papers, each declared once in ``lightning_configs/experiments/NAME.yaml``.

``mwe paper NAME``, also ``siamese-tags paper NAME``, reads the file, does the missing runs that have data, and prints.

**Axes** are the variables of rows: split, encoder, words, supervision, fold. A value of an axis has attributes, such as
a part of a LightningCLI configuration or a label for the table. **Recipes** declare how to make a run or an artefact::

    axes:
      encoder:
        cnn1d: {label: 1D-CNN, part: lightning_configs/mwe/model/cnn1d.yaml}
        "*": {...}                                # attributes of every value; allows any value
    recipes:
      joint:
        says: "{encoder.label}, seed {seed}"      # printed at its start
        axes: [encoder, seed]
        defaults: {seed: 0}
        together: fold                            # an axis whose values one command handles together
        makes: "{out}/joint/{encoder}/seed{seed}/metrics.json"   # exists when it is finished; may be a list
        newer: true                               # made again when its inputs are newer: for pictures
        data: [msd/audio, "a.csv or b.pkl"]       # below MWE_DATA; in a mapping, each name is a field with the file
        needs: [mel, {words: {row: [a, b]}}]      # recipes; other axes are inherited
        run: ["{launch} fit --model {encoder.part} {resume} {flags} {logger}"]
        logger: "--trainer.logger.name ..."       # options of an additional logger, if there is one
        threads: 1                                # OMP_NUM_THREADS of its commands
        lock: "{out}/mel"                         # shared by tasks that must not run at once; by default its output

Fields of templates:

- every axis by its name, ``{axis.attribute}``, ``{axis.number}`` (digits at its end), ``{axis.all}`` (all together)
- ``{out}``, ``{data}``, and ``{folder}``, the folder of the recipe's output
- ``{launch}``, ``{flags}``, ``{logger}``, and ``{resume}``, the last checkpoint of an interrupted fit
- options of the experiment
- in results ``{table}``, the description of the table, and ``{file}``, the file of the experiment

Literal braces are doubled. A field that is a whole word may be replaced by several words or none.

Recipes and axes of several tables are in ``artefacts/``. Tables VI and VII use the same recipe with the same values, so
nothing runs twice. **An experiment** lists rows of a recipe::

    title: Table VIII
    recipe: joint
    with: {split: zeroshot}                       # values of all rows
    over: {seed: [0]}                             # axes that a row averages over; `--seeds` changes them
    row: "{encoder.label}, {words.label}"         # name of a row
    metrics: [rocauc_clip, rocauc_tag]
    published: [rocauc_clip]                      # metrics of the figures in `paper` of a row
    rows:
      - {encoder: cnn1d, words: glove, paper: [0.904]}
      - {encoder: [cnn1d, transformer], words: mwe}     # a list makes one row per value
      - {row: cited, published: {rocauc_clip: 0.8}}     # without runs
    also: [demo_joint]                            # additional recipes
    results: ["mwe reproduce table {table} --runs {out}"]   # commands that print or draw; by default this
                                                  # (one that starts with `-` may fail)
    either:                                       # the first applicable case overrides the rest
      - {when: [cal500/jams], rows: [...]}        # applicable if these files exist and a run is done or possible
      - {rows: [...]}                             # always applicable
    config: {pairs: [[house, club]]}              # options of a result with `--config {file}`
    threads: 1                                    # OMP_NUM_THREADS of the results
    jobs: 2                                       # default number of parallel runs
    options: {tag: rock}                          # fields that `--set tag=...` changes

and ``notes``, ``findings`` and ``comparisons`` as in the table commands. A row runs if its data is available. Otherwise
it is listed with its missing data, which follows from its recipe.

A run is finished if its ``metrics.json`` (or other output of the recipe) exists, regardless of its age: copying or
touching word vectors must not repeat days of training. Delete the folder of a run to make it again.

The commands of a run inherit its lock (``outputs/.locks``), and the system releases it when the last of them ends. So
the lock holds while a fit outlives a killed ``paper``, and never outlives the fit.
"""
