# Every target sets up what it needs, the Python environment included. `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
OUT := outputs
PY := $(VENV)/bin/python
READY := $(VENV)/ready
# with the tools of developers, and every extra
DEV := $(VENV)/dev
# byte code is written by all cores, once everything is there
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt
COMPILE := $(PY) -m compileall -qq -j 0 $(VENV)/lib || true
MWE := $(PY) -m mwe
MWE_DATA ?= data
WORKERS ?= 2
export MWE_DATA

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -hE '^[A-Za-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@echo "setting up the environment in $(VENV) (a few minutes, once)"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) -e '.[demo,formats]'
	@$(COMPILE)
	@$(MWE) weights > /dev/null || echo "go on without all published weights: those of the open model are fetched when it is first used, those of English words by mwe weights"
	@touch $@

$(DEV): $(READY)
	@echo "adding every extra, and the tools of tests and documentation"
	@$(INSTALL) -e '.[dev]'
	@$(COMPILE)
	@touch $@

.PHONY: setup
setup: $(DEV) ## Make the Python environment with everything (the other targets make what they need)

.PHONY: test
test: lint types pytest ## Format check, lint, types and tests

.PHONY: lint
lint: $(DEV)
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

.PHONY: types
types: $(DEV)
	$(PY) -m mypy

.PHONY: pytest
pytest: $(DEV)
	@test -d "$(MWE_DATA)" || echo "MWE_DATA ($(MWE_DATA)) is not there: tests on real collections are skipped"
	MWE_DATA="$(abspath $(MWE_DATA))" OMP_NUM_THREADS=1 $(PY) -m pytest -n $(WORKERS) --dist worksteal

.PHONY: coverage
coverage: $(DEV) ## The tests, and which lines and branches of both packages they never reach (outputs/coverage/uncovered.txt)
	@rm -rf outputs/coverage && mkdir -p outputs/coverage
	MWE_DATA="$(abspath $(MWE_DATA))" $(PY) -m coverage run -m pytest
	@$(PY) -m coverage combine --quiet
	@$(PY) -m coverage report > outputs/coverage/uncovered.txt; status=$$?; \
	  tail -n 4 outputs/coverage/uncovered.txt; exit $$status

.PHONY: docs
docs: $(DEV) ## The documentation site, into outputs/docs; a warning is an error
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet
	@echo "open outputs/docs/index.html, or python -m http.server -d outputs/docs to search in it"

.PHONY: open-model
open-model: $(READY) ## Build the open model anew from tag documents and texts (MWE_DATA), as the package has it (15 minutes)
	@$(MWE) open-model --out $(OUT)/open-model

# rooms of the tests that have trials; two are run at a time
TRIALS := mwe/search mwe/core trust benchmarks

.PHONY: trials $(TRIALS:%=trials-in-%)
trials: $(DEV) ## Long trials: what runs is killed at random moments, disks fill up, the check of GPUs is rehearsed (half an hour)
	@$(MAKE) --no-print-directory -j2 $(TRIALS:%=trials-in-%)

$(TRIALS:%=trials-in-%): trials-in-%:
	$(PY) -m pytest -m trial -s -q tests/$*

.PHONY: bench
bench: $(DEV) ## Every benchmark beside its peers, and what changed since the committed figures (20 minutes, quiet machine)
	$(PY) -m benchmarks $(BENCH)

DEVICE ?= cuda

.PHONY: gpu-check
gpu-check: $(READY) ## Whether a GPU computes what the CPU does, and how fast (8 minutes; DEVICE=cpu rehearses it, small)
	@$(PY) -m benchmarks.gpu_check --device $(DEVICE) --out $(OUT)/gpu-check

.PHONY: bench-siamese
bench-siamese: $(READY) ## Speed of both stages beside a plain reading of the same losses
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.siamese_stages --out $(OUT)/benchmarks/siamese_stages.json

.PHONY: format
format: $(DEV) ## Format and mend what can be mended by program
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

include make/paper.mk
include make/trust.mk

.PHONY: clean
clean: ## Delete outputs (not the environment, not the cache)
	rm -rf $(OUT)
