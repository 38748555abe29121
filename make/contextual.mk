# Tags in context as the semantic side of the joint embedding, on the demonstration (3 seeds) and on CAL500's audio
# features (5 folds), beside word vectors. After demo.mk, words.mk and cal500.mk.
CONTEXTUAL := $(OUT)/contextual
CONTEXTUAL_ROWS := words word_sets siamese encoder words_encoder
CONTEXTUAL_runs_demo := $(DEMO_SEEDS:%=seed%)
CONTEXTUAL_runs_cal500 = $(if $(wildcard $(CAL500_FEATURES)),$(CAL500_FOLDS:%=fold%))
CONTEXTUAL_MASKED := lightning_configs/siamese_tags/masked

# what a row learns from, and what its vectors of tags in context are
contextual_model_words := --model.tag 1 --model.context 0 --model.artist 0
contextual_model_word_sets := --model.tag 0 --model.context 1 --model.artist 0
contextual_model_siamese := $(contextual_model_word_sets)
contextual_model_encoder := $(contextual_model_word_sets)
contextual_model_words_encoder := --model.tag 1 --model.context 1 --model.artist 0
contextual_vectors_siamese := siamese
contextual_vectors_encoder := encoder
contextual_vectors_words_encoder := encoder

contextual_number = $(patsubst seed%,%,$(patsubst fold%,%,$(1)))
contextual_reader_demo = --collection DemoTracks
contextual_reader_cal500 = --collection Cal500Tracks --collection.hold_out false \
  --collection.fold $(call contextual_number,$(1))
contextual_data_demo = --data.mel $(DEMO)/mel --data.words $(DEMO)/words/$(1)
contextual_data_cal500 = --data.words $(CAL500_GLOVE) --data.collection.fold $(call contextual_number,$(1))
contextual_needs_demo = $(DEMO)/mel/ready $(DEMO)/words/$(1)/vocabulary.json
contextual_needs_cal500 = $(CAL500_GLOVE)/vocabulary.json
contextual_folder = $(if $(contextual_vectors_$(2)),$(CONTEXTUAL)/vectors/$(1)/$(contextual_vectors_$(2))/$(3))

# One fit of siamese-tags on training documents alone. 1: collection; 2: run; 3: configuration; 4: name; 5: more.
define contextual_fit
@OMP_NUM_THREADS=1 $(SIAMESE) fit -c $(3) --seed_everything $(call contextual_number,$(2)) \
  --data.init_args.collection siamese_tags.documents.TsvDocuments \
  --data.init_args.collection.init_args.path $(CONTEXTUAL)/documents/$(1)/$(2).tsv \
  --data.init_args.collection.init_args.splits $(CONTEXTUAL)/documents/$(1)/$(2).splits.tsv \
  --trainer.enable_progress_bar false --trainer.accelerator cpu --trainer.logger.save_dir $(OUT) \
  --trainer.logger.name contextual/fits/$(1)/$(4) --trainer.logger.version $(2) $(5)
endef

# 1: collection; 2: run
define contextual_of_run
$(CONTEXTUAL)/documents/$(1)/$(2).tsv: | $(READY)
	@$(MWE) documents $(call contextual_reader_$(1),$(2)) --splits $(CONTEXTUAL)/documents/$(1)/$(2).splits.tsv --out $$@

$(CONTEXTUAL)/vectors/$(1)/encoder/$(2)/context.json: $(CONTEXTUAL)/documents/$(1)/$(2).tsv
	@echo "== contextual, $(1): context encoder, $(2)"
	$(call contextual_fit,$(1),$(2),$(CONTEXTUAL_MASKED)/cal500.yaml,encoder,--model.init_args.members 4)
	@$(SIAMESE) export-context --run $(CONTEXTUAL)/fits/$(1)/encoder/$(2) --out $$(@D)

$(CONTEXTUAL)/vectors/$(1)/siamese/$(2)/context.json: $(CONTEXTUAL)/documents/$(1)/$(2).tsv
	@echo "== contextual, $(1): Siamese CE, $(2)"
	$(call contextual_fit,$(1),$(2),$(CONTEXTUAL_MASKED)_siamese/cal500/single.yaml,single,\
	  --data.init_args.masked_training true)
	$(call contextual_fit,$(1),$(2),$(CONTEXTUAL_MASKED)_siamese/cal500/siamese.yaml,siamese,\
	  --data.init_args.masked_training true --model.init_args.init_from $(CONTEXTUAL)/fits/$(1)/single/$(2))
	@$(SIAMESE) export-context --run $(CONTEXTUAL)/fits/$(1)/siamese/$(2) --out $$(@D)
endef

# 1: collection; 2: row; 3: run
define contextual_joint
$(CONTEXTUAL)/$(1)/$(2)/$(3)/metrics.json: $(call contextual_needs_$(1),$(3)) \
    $(addsuffix /context.json,$(call contextual_folder,$(1),$(2),$(3)))
	@echo "== contextual, $(1): $(2), $(3)"
	@for stage in fit "test --ckpt_path $$(@D)/checkpoints/last.ckpt"; do \
	  OMP_NUM_THREADS=1 $(MWE) $$$$stage -c lightning_configs/mwe/contextual/$(1).yaml $(contextual_model_$(2)) \
	    $(call contextual_data_$(1),$(3)) $(addprefix --data.context.vectors ,$(call contextual_folder,$(1),$(2),$(3))) \
	    --seed_everything $(call contextual_number,$(3)) --trainer.enable_progress_bar false \
	    --trainer.logger.save_dir $(OUT) --trainer.logger.name contextual/$(1)/$(2) --trainer.logger.version $(3) || exit 1; \
	done
endef

$(foreach set,demo cal500,$(foreach run,$(CONTEXTUAL_runs_$(set)),$(eval $(call contextual_of_run,$(set),$(run))) \
  $(foreach row,$(CONTEXTUAL_ROWS),$(eval $(call contextual_joint,$(set),$(row),$(run))))))

contextual_metrics = $(foreach set,demo cal500,$(foreach row,$(CONTEXTUAL_ROWS),\
  $(foreach run,$(CONTEXTUAL_runs_$(set)),$(CONTEXTUAL)/$(set)/$(row)/$(run)/metrics.json)))

$(OUT)/tables/contextual.csv: $(contextual_metrics) lightning_configs/tables/contextual.yaml
	@$(MWE) table lightning_configs/tables/contextual.yaml --runs $(OUT) --out $(@D)
	@$(MWE) context-differences lightning_configs/tables/contextual.yaml --runs $(OUT) --out $(@D)

.PHONY: contextual
contextual: $(READY) ## Tags in context against word vectors: a query of a tag among others, on the demonstration and CAL500
	@$(MWE) demo
	@$(MAKE) --no-print-directory $(OUT)/tables/contextual.csv
