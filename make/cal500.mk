# CAL500's 68 published audio features in the joint embedding, 5 folds over songs and tags. After words.mk.
CAL500_FEATURES := $(MWE_DATA)/cal500/mulan/cal500.arff
CAL500_FOLDS := 0 1 2 3 4
# words that were trained without CAL500: tags of CAL10K, reviews and text; smaller and shorter than for Tables III to V
CAL500_WORDS := $(OUT)/cal500/words
CAL500_GLOVE := $(WORDS)/pretrained/glove_6b/seed0/words
CAL500_ROWS := joint glove published classifier

cal500_words_glove := $(CAL500_GLOVE)
cal500_words_published := $(CAL500_GLOVE)
cal500_words_classifier := $(CAL500_GLOVE)
cal500_words = $(or $(cal500_words_$(1)),$(CAL500_WORDS))

$(CAL500_WORDS)/vocabulary.json: | $(READY)
	@echo "== cal500: word vectors of CAL10K's tags, reviews and text"
	@$(words) corpus $(call words_corpus,cal10k,$(WORDS_FINAL),seed0) $(call words_seed,seed0) --parts $(WORDS)/parts \
	  --out $(OUT)/cal500/corpus.txt
	@$(words) words --corpus $(OUT)/cal500/corpus.txt --out $(@D) --settings.trainer torch --settings.rate 1.0 \
	  --settings.dim 100 --settings.epochs 5

# 1: row; 2: fold
define cal500_run
$(OUT)/cal500/$(1)/fold$(2)/metrics.json: $(call cal500_words,$(1))/vocabulary.json
	@echo "== cal500-features: $(1), fold $(2)"
	@for stage in fit "test --ckpt_path $$(@D)/checkpoints/last.ckpt"; do \
	  OMP_NUM_THREADS=1 $(MWE) $$$$stage -c lightning_configs/mwe/cal500/$(1).yaml --data.words $(call cal500_words,$(1)) \
	    --data.collection.fold $(2) --seed_everything $(2) --trainer.enable_progress_bar false \
	    --trainer.logger.save_dir $(OUT) --trainer.logger.name cal500/$(1) --trainer.logger.version fold$(2) || exit 1; \
	done
endef

$(foreach row,$(CAL500_ROWS),$(foreach fold,$(CAL500_FOLDS),$(eval $(call cal500_run,$(row),$(fold)))))

$(OUT)/tables/cal500-features.csv: lightning_configs/tables/cal500-features.yaml \
    $(foreach row,$(CAL500_ROWS),$(CAL500_FOLDS:%=$(OUT)/cal500/$(row)/fold%/metrics.json))
	@$(MWE) table $< --runs $(OUT) --out $(@D)

.PHONY: cal500-features
cal500-features: $(READY) ## CAL500's audio features: supervised and zero-shot tagging by words trained without it, 5 folds
	@$(MAKE) --no-print-directory $(OUT)/tables/cal500-features.csv
