# Tag semantics by the Siamese network: Tables 1, C.1 and E.1 on CAL500, and one fold for the demonstration.
# The including Makefile gives PY or SIAMESE (the program), READY (the environment) and OUT (the output folder).

SIAMESE ?= $(PY) -m siamese_tags
SIAMESE_CONFIGS := lightning_configs/siamese_tags
SIAMESE_BASELINES := random popularity pca
# single_ce before siamese_ce, which starts from it; the quick rows fill what time is left
SIAMESE_ROWS := single_ce siamese_ce $(SIAMESE_BASELINES)
SIAMESE_NETWORKS := single_ce siamese_ce siamese_ce_random
SIAMESE_WORD2VEC := $(foreach window,1 2 3 4,$(foreach setting,s1 s2,cbow_$(setting)_w$(window) sg_$(setting)_w$(window)))
SIAMESE_TABLE1 := $(SIAMESE_NETWORKS) $(SIAMESE_BASELINES) popularity_unforced cbow_s1_w1 sg_s1_w2 lsa lsa_rank50 lda \
  lda_in_context plsa plsa_in_context pca_pmi rbm crbm infoth ease context_only context_only_unforced untrained
SIAMESE_TABLEC1 := single_ce siamese_ce
SIAMESE_TABLEE1 := random pca $(SIAMESE_WORD2VEC)
SIAMESE_FOLDS := 0 1 2
SIAMESE_DEMO_FOLDS := 0
# Seeds of weights and drawings: `make siamese-table1 SIAMESE_SEEDS='0 1 2'` averages over folds and seeds.
SIAMESE_SEEDS ?= 0
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
# a run is named by its fold, and by its seed if that is not 0: 1, 1_seed2; its folder is fold1_seed2
siamese_names = $(foreach seed,$(2),$(foreach fold,$(1),$(fold)$(if $(filter-out 0,$(seed)),_seed$(seed))))
siamese_run = --trainer.enable_progress_bar false --trainer.logger.save_dir $(OUT) \
  --trainer.logger.name $(1)/$(2) --trainer.logger.version fold$(3) \
  --data.init_args.fold $(firstword $(subst _seed, ,$(3))) --seed_everything $(or $(word 2,$(subst _seed, ,$(3))),0)

# Rules of one set of runs. 1: its name; 2: folds; 3: collection flags of a baseline; 4: data flags of a fit; 5: needs;
# 6: flags of the table; 7: seeds.
define siamese_rules
$(OUT)/$(1)/single_ce/fold%/metrics.json: | $(READY) $(5)
	@echo "== $(1): prediction stage, fold $$*"
	@$(siamese) fit -c $(SIAMESE_CONFIGS)/table1/single_ce.yaml $(4) $$(call siamese_run,$(1),single_ce,$$*) \
	  $$(call siamese_resume,$$(@D))

$(OUT)/$(1)/siamese_ce/fold%/metrics.json: $(OUT)/$(1)/single_ce/fold%/metrics.json
	@echo "== $(1): Siamese stage, fold $$*"
	@$(siamese) fit -c $(SIAMESE_CONFIGS)/table1/siamese_ce.yaml $(4) $$(call siamese_run,$(1),siamese_ce,$$*) \
	  --model.init_args.init_from $(OUT)/$(1)/single_ce/fold$$* $$(call siamese_resume,$$(@D))

$(OUT)/$(1)/siamese_ce_random/fold%/metrics.json: | $(READY) $(5)
	@echo "== $(1): Siamese stage from random weights, fold $$*"
	@$(siamese) fit -c $(SIAMESE_CONFIGS)/table1/siamese_ce_random.yaml $(4) \
	  $$(call siamese_run,$(1),siamese_ce_random,$$*) $$(call siamese_resume,$$(@D))

$(foreach seed,$(7),$(call siamese_baselines,$(1),$(2),$(3),$(5),$(seed)))

$(call siamese_table,$(1),$(1),$(SIAMESE_ROWS),$(2),$(6),$(7))
endef

# Baselines of one seed; a pattern rule with several targets makes all of them in one run. 1: set of runs; 2: folds;
# 3: collection flags; 4: needs; 5: seed.
define siamese_baselines

$(foreach name,$(call siamese_names,$(2),$(5)),$(OUT)/$(1)/%/fold$(name)/metrics.json): | $(READY) $(4)
	@echo "== $(1): baseline $$*, seed $(5)"
	@$(siamese) baseline --name $$* $(3) --folds $(call siamese_list,$(2)) --seed $(5) --out $(OUT)/$(1)/$$*

endef

# A table. 1: its name; 2: set of runs; 3: rows; 4: folds; 5: flags; 6: seeds, 0 if not given.
define siamese_table
$(OUT)/tables/$(1).csv: \
  $(foreach row,$(3),$(foreach name,$(call siamese_names,$(4),$(or $(6),0)),$(OUT)/$(2)/$(row)/fold$(name)/metrics.json))
	@$(siamese) table --runs $(OUT)/$(2) --folds $(call siamese_list,$(4)) --seeds $(call siamese_list,$(or $(6),0)) \
	  --target $(1) --out $(OUT)/tables $(5)
endef

siamese_cal500 := $(wildcard $(or $(MWE_DATA),data)/cal500/jams)
siamese_demo_tsv := $(if $(siamese_cal500),,$(SIAMESE_TSV))
siamese_demo_baseline := $(if $(siamese_demo_tsv),--collection TsvDocuments --collection.path $(siamese_demo_tsv))
siamese_demo_data := $(if $(siamese_demo_tsv),--data $(SIAMESE_CONFIGS)/data/tsv.yaml \
  --data.init_args.collection.init_args.path $(siamese_demo_tsv))

$(eval $(call siamese_rules,siamese-quick,$(SIAMESE_FOLDS),,,,,$(SIAMESE_SEEDS)))
$(eval $(call siamese_rules,siamese-demo,$(SIAMESE_DEMO_FOLDS),$(siamese_demo_baseline),$(siamese_demo_data),$(siamese_demo_tsv),\
  --command 'make siamese-demo',0))
# all tables on CAL500 take their rows from one set of runs, so that a row of several tables is run once
$(eval $(call siamese_table,siamese-table1,siamese-quick,$(SIAMESE_TABLE1),$(SIAMESE_FOLDS),,$(SIAMESE_SEEDS)))
$(eval $(call siamese_table,siamese-tableC1,siamese-quick,$(SIAMESE_TABLEC1),$(SIAMESE_FOLDS),,$(SIAMESE_SEEDS)))
$(eval $(call siamese_table,siamese-tableE1,siamese-quick,$(SIAMESE_TABLEE1),$(SIAMESE_FOLDS),,$(SIAMESE_SEEDS)))

.PHONY: siamese-quick siamese-demo siamese-table1 siamese-tableC1 siamese-tableE1 siamese-choose bench-siamese
siamese-quick: $(READY) ## Table 1 of the Siamese paper on CAL500: 5 rows x 3 folds, only what is missing (3 minutes)
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-quick.csv

siamese-demo: $(READY) ## One fold of the same on CAL500, or on the tag documents SIAMESE_TSV where CAL500 is not at hand
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-demo.csv

siamese-table1: $(READY) ## Table 1 of the Siamese paper on CAL500, all its rows and eight more, t-tests (6 minutes)
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-table1.csv

siamese-tableC1: $(READY) ## Table C.1: the networks' predicted tags as a ranking, beside their embeddings (3 minutes)
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-tableC1.csv

siamese-tableE1: $(READY) ## Table E.1: C-BOW and skip-gram, windows 1 to 4, two orders of tags (2 minutes)
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-tableE1.csv

siamese-choose: $(READY) ## Settings of both stages by validation inside the training documents of CAL500 (12 minutes)
	@$(siamese) choose --folds $(call siamese_list,$(SIAMESE_FOLDS)) --out $(OUT)/tables/siamese-choice.csv

bench-siamese: $(READY) ## Speed of both stages beside a plain reading of the same losses
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks.siamese_stages --out $(OUT)/benchmarks/siamese_stages.json
