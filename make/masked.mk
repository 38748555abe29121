# Masked-context priming: simple rules, the Siamese stages and the context encoder on CAL500, CAL10K and MTG-Jamendo, those that are at hand.
# The including Makefile gives PY or SIAMESE (the program), READY (the environment) and OUT (the output folder).

SIAMESE ?= $(PY) -m siamese_tags
MASKED_CONFIGS := lightning_configs/siamese_tags/masked
MASKED_STAGES := lightning_configs/siamese_tags/masked_siamese
# the slow rows first, so that the quick ones fill what time is left
MASKED_RULES := context_lda document_knn random popularity query_cosine query_pmi query_conditional item_knn naive_bayes \
  lsa ease ease_dropout
# single_ce before siamese_ce, which starts from it; the longest chain of all comes first
MASKED_ROWS := single_ce_masked siamese_ce_masked single_ce siamese_ce context_encoder $(MASKED_RULES)
MASKED_FOLDS := 0 1 2
MASKED_JOBS ?= 2

masked_data := $(or $(MWE_DATA),data)
masked_collections := $(if $(wildcard $(masked_data)/mtg_jamendo/data/splits),jamendo) \
  $(if $(wildcard $(masked_data)/cal10k/cal10k_tags.tsv),cal10k) $(if $(wildcard $(masked_data)/cal500/jams),cal500)
masked_class_jamendo := Jamendo
masked_class_cal10k := Cal10k
masked_class_cal500 := Cal500
masked_comma := ,
masked_space := $(subst ,, )
masked_list := '[$(subst $(masked_space),$(masked_comma),$(strip $(MASKED_FOLDS)))]'
masked_parallel = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(MASKED_JOBS))
masked_resume = $(if $(wildcard $(1)/checkpoints/last.ckpt),--ckpt_path $(1)/checkpoints/last.ckpt)

# One stage. 1: collection; 2: single or siamese; 3: _masked, where it is trained on masked contexts; 4: fold; 5: folder.
define masked_stage
@echo "== siamese-masked, $(1): $(2)_ce$(3), fold $(4)"
@OMP_NUM_THREADS=1 $(SIAMESE) fit -c $(MASKED_STAGES)/$(1)/$(2).yaml --seed_everything $(4) --data.init_args.fold $(4) \
  --data.init_args.masked_training $(if $(3),true,false) \
  $(if $(filter siamese,$(2)),--model.init_args.init_from $(OUT)/siamese-masked/$(1)/single_ce$(3)/fold$(4)) \
  --trainer.enable_progress_bar false --trainer.logger.save_dir $(OUT) \
  --trainer.logger.name siamese-masked/$(1)/$(2)_ce$(3) $(call masked_resume,$(5))
endef

# Rules of one collection.
define masked_rules
$(OUT)/siamese-masked/$(1)/context_encoder/fold%/metrics.json: | $(READY)
	@echo "== siamese-masked, $(1): context encoder, fold $$*"
	@OMP_NUM_THREADS=1 $(SIAMESE) fit -c $(MASKED_CONFIGS)/$(1).yaml --seed_everything $$* --data.init_args.fold $$* \
	  --trainer.enable_progress_bar false --trainer.logger.save_dir $(OUT) $$(call masked_resume,$$(@D))

$(OUT)/siamese-masked/$(1)/single_ce/fold%/metrics.json: | $(READY)
	$$(call masked_stage,$(1),single,,$$*,$$(@D))

$(OUT)/siamese-masked/$(1)/single_ce_masked/fold%/metrics.json: | $(READY)
	$$(call masked_stage,$(1),single,_masked,$$*,$$(@D))

$(OUT)/siamese-masked/$(1)/siamese_ce/fold%/metrics.json: $(OUT)/siamese-masked/$(1)/single_ce/fold%/metrics.json
	$$(call masked_stage,$(1),siamese,,$$*,$$(@D))

$(OUT)/siamese-masked/$(1)/siamese_ce_masked/fold%/metrics.json: $(OUT)/siamese-masked/$(1)/single_ce_masked/fold%/metrics.json
	$$(call masked_stage,$(1),siamese,_masked,$$*,$$(@D))

# a pattern rule with several targets makes all of them in one run
$(foreach fold,$(MASKED_FOLDS),$(OUT)/siamese-masked/$(1)/%/fold$(fold)/metrics.json): | $(READY)
	@echo "== siamese-masked, $(1): $$*"
	@OMP_NUM_THREADS=1 $(SIAMESE) masked rule --name $$* --collection $(masked_class_$(1)) --folds $(masked_list) \
	  --out $(OUT)/siamese-masked/$(1)/$$*
endef

$(foreach collection,$(masked_collections),$(eval $(call masked_rules,$(collection))))

masked_runs := $(foreach collection,$(masked_collections),$(foreach row,$(MASKED_ROWS),\
  $(foreach fold,$(MASKED_FOLDS),$(OUT)/siamese-masked/$(collection)/$(row)/fold$(fold)/metrics.json)))

$(OUT)/tables/siamese-masked.csv: $(masked_runs)
	@$(if $(strip $(masked_collections)),,echo "none of cal500, cal10k and mtg_jamendo is in $(masked_data); see 'mwe data cal500'" >&2; exit 1)
	@$(SIAMESE) masked table --runs $(OUT)/siamese-masked --folds $(masked_list) --out $(OUT)/tables

$(OUT)/tables/siamese-masked-differences.csv: $(OUT)/tables/siamese-masked.csv
	@$(SIAMESE) masked differences --runs $(OUT)/siamese-masked --folds $(masked_list) --out $(OUT)/tables

.PHONY: siamese-masked
siamese-masked: $(READY) ## Hidden tags by revealed ones: 20 rows x 3 folds on each of 3 tag collections, and their differences
	@$(MAKE) --no-print-directory $(masked_parallel) $(OUT)/tables/siamese-masked-differences.csv

# Tags unseen in training: 5 % of the tags of each fold, known by the tags that they occur with.
define masked_unseen
$(OUT)/siamese-masked-unseen/$(1)/context_encoder/fold%/metrics.json: | $(READY)
	@echo "== siamese-masked-unseen, $(1): context encoder, fold $$*"
	@OMP_NUM_THREADS=1 $(SIAMESE) fit -c $(MASKED_CONFIGS)/$(1).yaml --seed_everything $$* --data.init_args.fold $$* \
	  --data.init_args.unseen_share 0.05 --trainer.logger.name siamese-masked-unseen/$(1)/context_encoder \
	  --trainer.enable_progress_bar false --trainer.logger.save_dir $(OUT) $$(call masked_resume,$$(@D))

$(foreach fold,$(MASKED_FOLDS),$(OUT)/siamese-masked-unseen/$(1)/%/fold$(fold)/metrics.json): | $(READY)
	@echo "== siamese-masked-unseen, $(1): $$*"
	@OMP_NUM_THREADS=1 $(SIAMESE) masked unseen --name $$* --collection $(masked_class_$(1)) --folds $(masked_list) \
	  --out $(OUT)/siamese-masked-unseen/$(1)/$$*
endef

$(foreach collection,$(masked_collections),$(eval $(call masked_unseen,$(collection))))

$(OUT)/tables/siamese-masked-unseen.csv: $(foreach collection,$(masked_collections),\
  $(foreach row,context_encoder naive_bayes popularity,$(foreach fold,$(MASKED_FOLDS),\
  $(OUT)/siamese-masked-unseen/$(collection)/$(row)/fold$(fold)/metrics.json)))
	@$(SIAMESE) masked unseen_table --runs $(OUT)/siamese-masked-unseen --folds $(masked_list) --out $(OUT)/tables

.PHONY: siamese-masked-unseen
siamese-masked-unseen: $(READY) ## The same with 5 % of the tags unseen in training: encoder, naive Bayes and popularity
	@$(MAKE) --no-print-directory $(masked_parallel) $(OUT)/tables/siamese-masked-unseen.csv
