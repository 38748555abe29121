# The pictures of the Siamese paper, PNG and beside it SVG: Figures 2, 3, 4 and D.1, and Figure 5 where its runs are at hand.
# The including Makefile gives PY or SIAMESE (the program), READY (the environment) and OUT (the output folder);
# siamese.mk and sparse.mk, included before, give the rows and the rules that make a run.

FIGURES := $(OUT)/figures/siamese
FIGURES_RUNS := $(OUT)/siamese-quick
FIGURES_TAG ?= Instrument_-_Acoustic_Guitar
# the paper's song of Figure D.1, "sweat machine", is document 11 of CAL500, a test document of fold 2
FIGURES_DOCUMENT ?= 11
FIGURES_FOLD ?= 2

figures_metrics = $(foreach row,$(1),$(foreach fold,$(2),$(OUT)/$(or $(3),siamese-quick)/$(row)/fold$(fold)/metrics.json))
figures_draw = OMP_NUM_THREADS=1 $(SIAMESE) figures $(1) --out $@

$(FIGURES)/figure2-tag-frequencies.png: | $(READY)
	@$(call figures_draw,frequencies)

$(FIGURES)/figure3-instances.png: $(call figures_metrics,siamese_ce,0)
	@$(call figures_draw,instances) --run $(FIGURES_RUNS)/siamese_ce/fold0 --tag '$(FIGURES_TAG)'

$(FIGURES)/figure4-precision-recall.png: $(call figures_metrics,$(SIAMESE_TABLE1),$(SIAMESE_FOLDS))
	@$(call figures_draw,curves) --runs $(FIGURES_RUNS) --folds $(call siamese_list,$(SIAMESE_FOLDS))

$(FIGURES)/figure5-precision-recall.png: $(call figures_metrics,$(SPARSE_TABLE2),$(SIAMESE_FOLDS),siamese-sparse)
	@$(call figures_draw,curves) --runs $(OUT)/siamese-sparse --folds $(call siamese_list,$(SIAMESE_FOLDS)) \
	  --target siamese-table2

$(FIGURES)/figureD1-spaces.png: $(call figures_metrics,single_ce siamese_ce,$(FIGURES_FOLD))
	@$(call figures_draw,spaces) --runs $(FIGURES_RUNS) --fold $(FIGURES_FOLD) --document '$(FIGURES_DOCUMENT)'

# Figure 5 has 25 minutes of runs behind it, so `make siamese-table2` comes first
figures_all = figure2-tag-frequencies figure3-instances figure4-precision-recall figureD1-spaces \
  $(if $(wildcard $(OUT)/tables/siamese-table2.csv),figure5-precision-recall)

.PHONY: siamese-figures
siamese-figures: $(READY) ## Figures 2, 3, 4, D.1 of the Siamese paper, and 5 after siamese-table2 (1 minute after siamese-table1)
	@$(MAKE) --no-print-directory $(siamese_parallel) $(patsubst %,$(FIGURES)/%.png,$(figures_all))
