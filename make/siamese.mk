# Tag semantics by the Siamese network: Table 1 on CAL500, and one fold of it for the demonstration.
# The including Makefile gives PY or SIAMESE (the program), READY (the environment) and OUT (the output folder).

SIAMESE ?= $(PY) -m siamese_tags
SIAMESE_CONFIGS := lightning_configs/siamese_tags
SIAMESE_BASELINES := random popularity pca
# single_ce before siamese_ce, which starts from it; the quick rows fill what time is left
SIAMESE_ROWS := single_ce siamese_ce $(SIAMESE_BASELINES)
SIAMESE_FOLDS := 0 1 2
SIAMESE_DEMO_FOLDS := 0
# Tag documents (id<TAB>tag) for the demonstration where CAL500 is not at hand.
SIAMESE_TSV ?=
SIAMESE_JOBS ?= 2

# The networks are small: one thread a job, and as many jobs as there are cores, is fastest.
siamese = OMP_NUM_THREADS=1 $(SIAMESE)
siamese_parallel = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(SIAMESE_JOBS))
siamese_comma := ,
siamese_space := $(subst ,, )
siamese_list = '[$(subst $(siamese_space),$(siamese_comma),$(strip $(1)))]'
# a fit that was stopped goes on from its last checkpoint; one that is over is only measured
siamese_resume = $(if $(wildcard $(1)/checkpoints/last.ckpt),--ckpt_path $(1)/checkpoints/last.ckpt)
siamese_run = --trainer.enable_progress_bar false --trainer.logger.save_dir $(OUT) \
  --trainer.logger.name $(1)/$(2) --data.init_args.fold $(3)

# Rules of one set of runs. 1: its name; 2: folds; 3: collection flags of a baseline; 4: data flags of a fit; 5: needs;
# 6: flags of the table.
define siamese_rules
$(OUT)/$(1)/single_ce/fold%/metrics.json: | $(READY) $(5)
	@echo "== $(1): prediction stage, fold $$*"
	@$(siamese) fit -c $(SIAMESE_CONFIGS)/table1/single_ce.yaml $(4) $(call siamese_run,$(1),single_ce,$$*) \
	  $$(call siamese_resume,$$(@D))

$(OUT)/$(1)/siamese_ce/fold%/metrics.json: $(OUT)/$(1)/single_ce/fold%/metrics.json
	@echo "== $(1): Siamese stage, fold $$*"
	@$(siamese) fit -c $(SIAMESE_CONFIGS)/table1/siamese_ce.yaml $(4) $(call siamese_run,$(1),siamese_ce,$$*) \
	  --model.init_args.init_from $(OUT)/$(1)/single_ce/fold$$* $$(call siamese_resume,$$(@D))

# a pattern rule with several targets makes all of them in one run
$(foreach fold,$(2),$(OUT)/$(1)/%/fold$(fold)/metrics.json): | $(READY) $(5)
	@echo "== $(1): baseline $$*"
	@$(siamese) baseline --name $$* $(3) --folds $(call siamese_list,$(2)) --out $(OUT)/$(1)/$$*

$(OUT)/tables/$(1).csv: $(foreach row,$(SIAMESE_ROWS),$(foreach fold,$(2),$(OUT)/$(1)/$(row)/fold$(fold)/metrics.json))
	@$(siamese) table --runs $(OUT)/$(1) --folds $(call siamese_list,$(2)) --target $(1) --out $(OUT)/tables $(6)
endef

siamese_cal500 := $(wildcard $(or $(MWE_DATA),data)/cal500/jams)
siamese_demo_tsv := $(if $(siamese_cal500),,$(SIAMESE_TSV))
siamese_demo_baseline := $(if $(siamese_demo_tsv),--collection TsvDocuments --collection.path $(siamese_demo_tsv))
siamese_demo_data := $(if $(siamese_demo_tsv),--data $(SIAMESE_CONFIGS)/data/tsv.yaml \
  --data.init_args.collection.init_args.path $(siamese_demo_tsv))

$(eval $(call siamese_rules,siamese-quick,$(SIAMESE_FOLDS)))
$(eval $(call siamese_rules,siamese-demo,$(SIAMESE_DEMO_FOLDS),$(siamese_demo_baseline),$(siamese_demo_data),$(siamese_demo_tsv),\
  --command 'make siamese-demo'))

.PHONY: siamese-quick siamese-demo
siamese-quick: $(READY) ## Table 1 of the Siamese paper on CAL500: 5 rows x 3 folds, only what is missing (3 minutes)
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-quick.csv

siamese-demo: $(READY) ## One fold of the same on CAL500, or on the tag documents SIAMESE_TSV where CAL500 is not at hand
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-demo.csv
