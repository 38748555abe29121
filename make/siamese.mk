# Tag semantics by the Siamese network: Tables 1, C.1 and E.1 on CAL500, and one fold for the demonstration.
# The including Makefile gives PY or SIAMESE (the program), READY (the environment) and OUT (the output folder).

SIAMESE ?= $(PY) -m siamese_tags
SIAMESE_CONFIGS := lightning_configs/siamese_tags
SIAMESE_BASELINES := random popularity pca
# single_ce before siamese_ce, which starts from it; the quick rows fill what time is left
SIAMESE_ROWS := single_ce siamese_ce $(SIAMESE_BASELINES)
SIAMESE_WORD2VEC := $(foreach window,1 2 3 4,$(foreach setting,s1 s2,cbow_$(setting)_w$(window) sg_$(setting)_w$(window)))
SIAMESE_TABLE1 := $(SIAMESE_ROWS) popularity_unforced cbow_s1_w1 sg_s1_w2 lsa lsa_rank50 lda lda_in_context plsa \
  plsa_in_context pca_pmi rbm crbm infoth ease context_only context_only_unforced untrained
SIAMESE_TABLEC1 := single_ce siamese_ce
SIAMESE_TABLEE1 := random pca $(SIAMESE_WORD2VEC)
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

$(call siamese_table,$(1),$(1),$(SIAMESE_ROWS),$(2),$(6))
endef

# A table. 1: its name; 2: set of runs; 3: rows; 4: folds; 5: flags.
define siamese_table
$(OUT)/tables/$(1).csv: $(foreach row,$(3),$(foreach fold,$(4),$(OUT)/$(2)/$(row)/fold$(fold)/metrics.json))
	@$(siamese) table --runs $(OUT)/$(2) --folds $(call siamese_list,$(4)) --target $(1) --out $(OUT)/tables $(5)
endef

siamese_cal500 := $(wildcard $(or $(MWE_DATA),data)/cal500/jams)
siamese_demo_tsv := $(if $(siamese_cal500),,$(SIAMESE_TSV))
siamese_demo_baseline := $(if $(siamese_demo_tsv),--collection TsvDocuments --collection.path $(siamese_demo_tsv))
siamese_demo_data := $(if $(siamese_demo_tsv),--data $(SIAMESE_CONFIGS)/data/tsv.yaml \
  --data.init_args.collection.init_args.path $(siamese_demo_tsv))

$(eval $(call siamese_rules,siamese-quick,$(SIAMESE_FOLDS)))
$(eval $(call siamese_rules,siamese-demo,$(SIAMESE_DEMO_FOLDS),$(siamese_demo_baseline),$(siamese_demo_data),$(siamese_demo_tsv),\
  --command 'make siamese-demo'))
# all tables on CAL500 take their rows from one set of runs, so that a row of several tables is run once
$(eval $(call siamese_table,siamese-table1,siamese-quick,$(SIAMESE_TABLE1),$(SIAMESE_FOLDS)))
$(eval $(call siamese_table,siamese-tableC1,siamese-quick,$(SIAMESE_TABLEC1),$(SIAMESE_FOLDS)))
$(eval $(call siamese_table,siamese-tableE1,siamese-quick,$(SIAMESE_TABLEE1),$(SIAMESE_FOLDS)))

.PHONY: siamese-quick siamese-demo siamese-table1 siamese-tableC1 siamese-tableE1
siamese-quick: $(READY) ## Table 1 of the Siamese paper on CAL500: 5 rows x 3 folds, only what is missing (3 minutes)
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-quick.csv

siamese-demo: $(READY) ## One fold of the same on CAL500, or on the tag documents SIAMESE_TSV where CAL500 is not at hand
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-demo.csv

siamese-table1: $(READY) ## Table 1 of the Siamese paper on CAL500, all its rows and seven more, t-tests (6 minutes)
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-table1.csv

siamese-tableC1: $(READY) ## Table C.1: the networks' predicted tags as a ranking, beside their embeddings (3 minutes)
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-tableC1.csv

siamese-tableE1: $(READY) ## Table E.1: C-BOW and skip-gram, windows 1 to 4, two orders of tags (2 minutes)
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-tableE1.csv
