# Bad input, locked dependencies, licences, and the oldest and the newest dependencies that are declared to do.
# The including Makefile gives PYTHON, PY (the program), DEV (the environment) and OUT (the output folder).

TRUST := $(OUT)/trust
UV := $(TRUST)/tools/bin/uv
# Requirements that overrule what is resolved, for a PyTorch from elsewhere: a file with a line `torch==2.13.0+cpu`, and
# UV_FIND_LINKS or UV_INDEX in the environment to say where that is
TRUST_OVERRIDES ?=
# what touches every dependency once, in a few minutes
TRUST_SMOKE := $(addprefix tests/mwe/,core/test_files.py core/test_tables.py core/test_sampler.py \
    metrics/test_functional.py metrics/test_retrieval.py tracks/test_folder.py tracks/test_labelled.py \
    tracks/test_allmusic.py tracks/test_pickles.py corpora words/test_importers.py words/test_words.py \
    words/test_torch_skipgram.py audio/test_decode.py audio/test_logmel.py audio/test_store.py audio/test_extract.py \
    encoders joint/test_embedding.py search/test_exact.py search/test_ann.py search/test_onnx_tower.py) \
  tests/siamese_tags/test_stages.py tests/siamese_tags/test_networks.py tests/trust/test_doors.py \
  tests/trust/test_left_out.py

$(UV):
	@$(PYTHON) -m venv $(TRUST)/tools
	@$(TRUST)/tools/bin/python -m pip install --quiet --disable-pip-version-check uv

.PHONY: fuzz
fuzz: $(DEV) ## Damage to the files of every reader, 30 times as many examples as the tests have (20 minutes)
	@$(PY) -m pytest tests/trust/test_bad_files.py --hypothesis-profile fuzz --timeout 0

MUTANTS ?=

.PHONY: mutants
mutants: $(READY) ## Small faults put into copies of the tree, and which of them the tests miss (hours; goes on where it stopped)
	@$(PY) -m scripts.mutants --known
	@$(PY) -m scripts.mutants $(MUTANTS)

FIGURES ?=

.PHONY: figures-in-docs
figures-in-docs: $(READY) ## Every figure of README and docs against the ledger, and that against outputs; FIGURES=--write takes new ones
	@$(PY) -m scripts.figures $(FIGURES)

.PHONY: lock
lock: constraints.lock ## Hashes of every pinned package, for `pip install --require-hashes`

constraints.lock: constraints.txt | $(UV)
	@$(UV) pip compile --quiet $< --no-deps --generate-hashes --no-annotate --no-emit-package torch \
	  --custom-compile-command "make lock" --output-file $@

.PHONY: licences
licences: $(DEV) ## The licences of the dependencies, written anew into docs/reference/licences.md
	@$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,maps,hub]'
	@$(PY) scripts/licences.py

# Environments with the lowest and the newest versions of the dependencies
resolution_lowest := lowest-direct
resolution_newest := highest

$(TRUST)/lowest.txt $(TRUST)/newest.txt: $(TRUST)/%.txt: pyproject.toml | $(UV)
	@$(UV) pip compile --quiet $< --extra dev --resolution $(resolution_$*) --python $(PYTHON) \
	  $(if $(TRUST_OVERRIDES),--override $(TRUST_OVERRIDES)) --output-file $@

$(TRUST)/lowest/ready $(TRUST)/newest/ready: $(TRUST)/%/ready: $(TRUST)/%.txt
	@echo "setting up $(TRUST)/$* with the $* versions (a few minutes, once)"
	@$(UV) venv --quiet --clear --python $(PYTHON) $(@D)
	@$(UV) pip install --quiet --python $(@D)/bin/python --requirements $<
	@touch $@

# the processes that tests start elsewhere find the packages too, which are not installed there
trust_smoke = PYTHONPATH=$(CURDIR) $(TRUST)/$@/bin/python -m pytest -q -W default $(TRUST_SMOKE)

.PHONY: lowest
lowest: $(TRUST)/lowest/ready ## A part of the tests with the lowest declared version of every dependency
	@$(trust_smoke)

.PHONY: newest
newest: $(TRUST)/newest/ready ## The same with the newest
	@$(trust_smoke)
