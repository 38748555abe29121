# Masked-context priming: simple rules and the context encoder on CAL500, CAL10K and MTG-Jamendo, those that are at hand.
# The including Makefile gives PY or SIAMESE (the program), READY (the environment) and OUT (the output folder).

SIAMESE ?= $(PY) -m siamese_tags
MASKED_CONFIGS := lightning_configs/siamese_tags/masked
# the slow rows first, so that the quick ones fill what time is left
MASKED_RULES := context_lda document_knn random popularity query_cosine query_pmi query_conditional item_knn naive_bayes \
  lsa ease
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

# Rules of one collection. A pattern rule with several targets makes all of them in one run.
define masked_rules
$(OUT)/siamese-masked/$(1)/context_encoder/fold%/metrics.json: | $(READY)
	@echo "== siamese-masked, $(1): context encoder, fold $$*"
	@OMP_NUM_THREADS=1 $(SIAMESE) fit -c $(MASKED_CONFIGS)/$(1).yaml --seed_everything $$* --data.init_args.fold $$* \
	  --trainer.enable_progress_bar false --trainer.logger.save_dir $(OUT) $$(call masked_resume,$$(@D))

$(foreach fold,$(MASKED_FOLDS),$(OUT)/siamese-masked/$(1)/%/fold$(fold)/metrics.json): | $(READY)
	@echo "== siamese-masked, $(1): $$*"
	@OMP_NUM_THREADS=1 $(SIAMESE) masked rule --name $$* --collection $(masked_class_$(1)) --folds $(masked_list) \
	  --out $(OUT)/siamese-masked/$(1)/$$*
endef

$(foreach collection,$(masked_collections),$(eval $(call masked_rules,$(collection))))

$(OUT)/tables/siamese-masked.csv: $(foreach collection,$(masked_collections),$(foreach row,context_encoder $(MASKED_RULES),\
  $(foreach fold,$(MASKED_FOLDS),$(OUT)/siamese-masked/$(collection)/$(row)/fold$(fold)/metrics.json)))
	@$(if $(strip $(masked_collections)),,echo "none of cal500, cal10k and mtg_jamendo is in $(masked_data); see 'mwe data cal500'" >&2; exit 1)
	@$(SIAMESE) masked table --runs $(OUT)/siamese-masked --folds $(masked_list) --out $(OUT)/tables

.PHONY: siamese-masked
siamese-masked: $(READY) ## Hidden tags by revealed ones: 12 rows x 3 folds on each of 3 tag collections (10 minutes)
	@$(MAKE) --no-print-directory $(masked_parallel) $(OUT)/tables/siamese-masked.csv
