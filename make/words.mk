# Word vectors: Tables I, III, IV, V and X, Figure 4 and the first row of Figure 5.
# The including Makefile gives PY or MWE (the program), READY (the environment) and OUT (the output folder).

WORDS_JOBS ?= 2
WORDS_CONFIGS := lightning_configs/mwe
WORDS := $(OUT)/words
ENWIKI_SAMPLE := $(MWE_DATA)/enwiki_sample/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2

# One thread a job, and as many jobs as there are cores, is fastest.
words = OMP_NUM_THREADS=1 $(MWE)
words_parallel = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(WORDS_JOBS))

# Rows are trained on the tags and IDs of one collection and what goes with it: `cal10k` and `jamendo` with the text and
# reviews of `open`, which need no request; `msd` with the paper's own. A row is named after the parts of its corpus.
WORDS_TEXT_ROWS := wiki wiki_review
WORDS_ROWS := tag_id tag_id_aug wiki_tag_id wiki_tag_id_aug wiki_review_tag_id wiki_review_tag_id_aug
WORDS_FINAL := wiki_review_tag_id_aug
WORDS_TABLE3_ROWS := wiki_tag_id wiki_review_tag_id wiki_review_tag_id_aug
WORDS_PRETRAINED := glove_6b glove skipgram
WORDS_SEEDS := 0 1 2

words_needs_tag_cal10k := $(MWE_DATA)/cal10k/cal10k_tags.tsv
words_needs_tag_jamendo := $(MWE_DATA)/mtg_jamendo/data/splits/split-0/autotagging-train.tsv
words_needs_tag_msd := $(MWE_DATA)/lastfm/lastfm_tags.db $(MWE_DATA)/allmusic/AMG_Multilabel_tagsets/msd_amglabels_all.h5
words_needs_wiki_open := $(MWE_DATA)/wikitext2/valid.txt $(ENWIKI_SAMPLE)
words_needs_wiki_msd := $(MWE_DATA)/wikipedia/*pages-articles*
words_needs_review_open := $(MWE_DATA)/musiccaps/musiccaps-public.csv $(MWE_DATA)/song_describer/song_describer.csv \
  $(MWE_DATA)/album_reviews/BDHSI2016_music_reviews.csv
words_needs_review_msd := $(MWE_DATA)/mumu/amazon_reviews_MuMu.json
# GloVe and skip-gram of Common Crawl are the paper's; the words of the tags from the smallest GloVe stand in for them
words_file_glove_6b := $(wildcard $(MWE_DATA)/glove/glove.6B.50d.music_subset.txt)
words_file_glove := $(firstword $(wildcard $(MWE_DATA)/glove/glove.840B.300d.txt* $(MWE_DATA)/glove/glove.42B.300d.txt*))
words_file_skipgram := $(firstword $(wildcard $(MWE_DATA)/lexvec/lexvec.commoncrawl.*vectors*))

words_open = $(if $(filter msd,$(1)),msd,open)
words_parts = $(subst _, ,$(1))
words_text_open = --config $(WORDS_CONFIGS)/corpora/open_text.yaml --text+=Wikipedia --text.path=$(ENWIKI_SAMPLE)
words_text_msd = --config $(WORDS_CONFIGS)/corpora/msd_text.yaml
# 1: collection; 2: row; 3: run
words_corpus = $(if $(filter tag,$(call words_parts,$(2))),--config $(WORDS_CONFIGS)/corpora/$(1).yaml,\
    --config $(WORDS_CONFIGS)/corpora/words_alone.yaml) \
  $(if $(filter review,$(call words_parts,$(2))),--config $(WORDS_CONFIGS)/corpora/$(call words_open,$(1))_reviews.yaml) \
  $(if $(filter aug,$(call words_parts,$(2))),--config $(WORDS_CONFIGS)/corpora/aug.yaml) \
  $(if $(filter held_out,$(3)),--config $(WORDS_CONFIGS)/corpora/held_out.yaml) \
  $(if $(filter wiki,$(call words_parts,$(2))),$(words_text_$(call words_open,$(1))))
words_seed = --settings.seed $(or $(patsubst seed%,%,$(filter seed%,$(1))),0)
words_run = --trainer.enable_progress_bar false --trainer.logger.save_dir $(OUT) --trainer.logger.name $(1) \
  --trainer.logger.version $(2) --seed_everything $(or $(patsubst seed%,%,$(filter seed%,$(2))),0)

# Vectors of a row. 1: collection; 2: row; 3: run, `seed0` and so on, or `held_out`.
define words_vectors
$(WORDS)/$(1)/$(2)/$(3)/words/vocabulary.json: | $(READY)
	@echo "== word vectors: $(1), $(2), $(3)"
	@$(words) corpus $(call words_corpus,$(1),$(2),$(3)) $(call words_seed,$(3)) --parts $(WORDS)/parts \
	  --out $(WORDS)/$(1)/$(2)/$(3)/corpus.txt
	@$(words) words --config $(WORDS_CONFIGS)/words/tables.yaml \
	  $(addprefix --config ,$(wildcard $(WORDS_CONFIGS)/words/$(1)/$(2).yaml)) $(call words_seed,$(3)) \
	  --corpus $(WORDS)/$(1)/$(2)/$(3)/corpus.txt --out $$(@D)
endef

# Table III. 1: collection of the row; 2: row; 3: run; 4: collection that is measured on; 5: whose vocabulary bounds it.
define words_table3
$(OUT)/table3/$(4)/$(1)/$(2)/$(3)/metrics.json: $(WORDS)/$(1)/$(2)/$(3)/words/vocabulary.json \
    $(WORDS)/$(5)/wiki/seed0/words/vocabulary.json
	@$(words) test -c $(WORDS_CONFIGS)/table3/$(4).yaml --data.words $(WORDS)/$(1)/$(2)/$(3)/words \
	  --data.among $(WORDS)/$(5)/wiki/seed0/words $(call words_run,table3/$(4)/$(1)/$(2),$(3))
endef

# Tables IV and V, in one run. 1: collection; 2: row; 3: run.
define words_retrieval
$(OUT)/table4/$(1)/$(2)/$(3)/metrics.json: $(WORDS)/$(1)/$(2)/$(3)/words/vocabulary.json
	@$(words) test -c $(WORDS_CONFIGS)/table4/$(1).yaml --data.words $(WORDS)/$(1)/$(2)/$(3)/words \
	  $(if $(filter held_out,$(3)),--data.held_out $(WORDS)/$(1)/$(2)/$(3)/corpus.held_out.tsv) \
	  $(call words_run,table4/$(1)/$(2),$(3))
endef

words_runs = $(sort seed0 held_out $(if $(filter $(WORDS_FINAL),$(1)),$(addprefix seed,$(WORDS_SEEDS))))
words_seeds = $(filter-out held_out,$(words_runs))

$(foreach set,open msd,$(foreach row,$(WORDS_TEXT_ROWS),$(eval $(call words_vectors,$(set),$(row),seed0))))
$(foreach set,cal10k jamendo msd,$(foreach row,$(WORDS_ROWS),$(foreach run,$(call words_runs,$(row)),\
  $(eval $(call words_vectors,$(set),$(row),$(run))) $(eval $(call words_retrieval,$(set),$(row),$(run))))))
$(foreach measured,cal10k jamendo,\
  $(foreach row,$(WORDS_TEXT_ROWS),$(eval $(call words_table3,open,$(row),seed0,$(measured),open))) \
  $(foreach row,$(WORDS_PRETRAINED),$(eval $(call words_table3,pretrained,$(row),seed0,$(measured),open))) \
  $(foreach row,$(WORDS_ROWS),$(foreach run,$(call words_seeds,$(row)),\
    $(eval $(call words_table3,cal10k,$(row),$(run),$(measured),open)))))
$(foreach row,$(WORDS_TEXT_ROWS) $(WORDS_ROWS),$(foreach run,$(call words_seeds,$(row)),\
  $(foreach measured,allmusic jamendo,$(eval $(call words_table3,msd,$(row),$(run),$(measured),msd)))))

# Pretrained vectors are imported from where they were put.
$(foreach row,$(WORDS_PRETRAINED),$(eval $(WORDS)/pretrained/$(row)/seed0/words/vocabulary.json: | $(READY) ; \
  @$(words) words-import $$(words_file_$(row)) --out $$(@D)))

# A row is run where all files of its parts are there. 1: collection; 2: row.
words_needed = $(foreach part,$(call words_parts,$(2)),\
  $(words_needs_$(part)_$(1)) $(if $(filter msd,$(1)),,$(words_needs_$(part)_open)))
words_present = $(if $(strip $(foreach file,$(call words_needed,$(1),$(2)),$(if $(wildcard $(file)),,missing))),,$(2))
words_rows = $(strip $(foreach row,$(2),$(call words_present,$(1),$(row))))

words_measured_msd = $(if $(wildcard $(word 2,$(words_needs_tag_msd))),allmusic) \
  $(if $(wildcard $(words_needs_tag_jamendo)),jamendo)
words_metrics_table3 = $(foreach measured,cal10k jamendo,$(if $(wildcard $(words_needs_tag_$(measured))),\
  $(foreach row,$(call words_rows,open,$(WORDS_TEXT_ROWS)),$(OUT)/table3/$(measured)/open/$(row)/seed0/metrics.json) \
  $(foreach row,$(call words_rows,open,wiki),$(foreach row,$(WORDS_PRETRAINED),$(if $(words_file_$(row)),\
    $(OUT)/table3/$(measured)/pretrained/$(row)/seed0/metrics.json))) \
  $(foreach row,$(call words_rows,cal10k,$(filter wiki_%,$(WORDS_TABLE3_ROWS))),\
    $(foreach run,$(call words_seeds,$(row)),$(OUT)/table3/$(measured)/cal10k/$(row)/$(run)/metrics.json)))) \
  $(foreach row,$(call words_rows,msd,$(WORDS_TEXT_ROWS) $(WORDS_TABLE3_ROWS)),\
    $(foreach run,$(call words_seeds,$(row)),$(foreach measured,$(words_measured_msd),\
      $(OUT)/table3/$(measured)/msd/$(row)/$(run)/metrics.json)))
words_metrics_table4 = $(foreach set,cal10k jamendo msd,$(foreach row,$(call words_rows,$(set),$(WORDS_ROWS)),\
  $(foreach run,$(call words_runs,$(row)),$(OUT)/table4/$(set)/$(row)/$(run)/metrics.json)))

words_table = @$(MWE) table lightning_configs/tables/$(basename $(@F)).yaml --runs $(OUT) --out $(@D)
$(OUT)/tables/table3.csv: $(words_metrics_table3) lightning_configs/tables/table3.yaml
	$(words_table)

$(OUT)/tables/table4.csv $(OUT)/tables/table5.csv: $(OUT)/tables/%.csv: lightning_configs/tables/%.yaml \
    $(words_metrics_table4)
	$(words_table)

# Table X: queries of several words, on the final vectors of each collection.
$(OUT)/tables/table10.csv: $(foreach set,cal10k jamendo,$(if $(call words_present,$(set),$(WORDS_FINAL)),\
    $(WORDS)/$(set)/$(WORDS_FINAL)/seed0/words/vocabulary.json))
	@$(words) query-table --config $(WORDS_CONFIGS)/table10/open.yaml --runs $(OUT) --out $(@D)

.PHONY: table1 table3 table4 table5 table10 figure4 figure5-words jamendo-words
table3: $(READY) ## Table III: tag rank prediction by word vectors, every row whose data is here
	@$(MAKE) --no-print-directory $(words_parallel) $(OUT)/tables/table3.csv

table4: $(READY) ## Table IV: query-by-tag on the word vectors, all pairs and those kept out of the corpus
	@$(MAKE) --no-print-directory $(words_parallel) $(OUT)/tables/table4.csv

table5: $(READY) ## Table V: query-by-track on the word vectors, likewise
	@$(MAKE) --no-print-directory $(words_parallel) $(OUT)/tables/table5.csv

table10: $(READY) ## Table X: queries of several words
	@$(MAKE) --no-print-directory $(words_parallel) $(OUT)/tables/table10.csv

# Figures are drawn from the vectors that Tables III to V train.
words_figure_rows = $(if $(call words_present,jamendo,$(WORDS_FINAL)),\
    $(WORDS_TEXT_ROWS:%=open/%) $(WORDS_TABLE3_ROWS:%=jamendo/%)) \
  $(if $(words_file_glove_6b),pretrained/glove_6b)
words_figure_needs = $(foreach row,$(words_figure_rows),$(WORDS)/$(row)/seed0/words/vocabulary.json)
$(OUT)/figures/figure4-pairs.png: $(words_figure_needs)
	@$(words) figure4 --config $(WORDS_CONFIGS)/figures/figure4.yaml --runs $(OUT) --out $@

$(OUT)/figures/figure5-words.png: $(words_figure_needs)
	@$(words) figure5-words --config $(WORDS_CONFIGS)/figures/figure5_words.yaml --runs $(OUT) --out $@

figure4: $(READY) ## Figure 4: similarity of house/club, house/home, rock/metal, rock/stone in several word vectors
	@$(MAKE) --no-print-directory $(words_parallel) $(OUT)/figures/figure4-pairs.png

figure5-words: $(READY) ## Figure 5, (a) to (d): maps of tags in several word vectors
	@$(MAKE) --no-print-directory $(words_parallel) $(OUT)/figures/figure5-words.png

# Tag+ID on all tracks of MTG-Jamendo, query-by-track too: its work grows with the square of the tracks.
WORDS_JAMENDO := tag_id tag_id_aug
$(foreach row,$(WORDS_JAMENDO),$(OUT)/jamendo-words/$(row)/seed0/metrics.json): $(OUT)/jamendo-words/%/seed0/metrics.json: \
    $(WORDS)/jamendo/%/seed0/words/vocabulary.json
	@$(words) test -c $(WORDS_CONFIGS)/table4/jamendo.yaml --data.queries all --data.words $(WORDS)/jamendo/$*/seed0/words \
	  $(call words_run,jamendo-words/$*,seed0)

$(OUT)/tables/jamendo-words.csv: $(WORDS_JAMENDO:%=$(OUT)/jamendo-words/%/seed0/metrics.json)
	$(words_table)

jamendo-words: $(READY) ## Tag+ID on all 55,525 tracks of MTG-Jamendo: query-by-tag, query-by-track (10 minutes)
	@$(MAKE) --no-print-directory $(words_parallel) $(OUT)/tables/jamendo-words.csv

# Table I on collections that need no request and a sample of Wikipedia.
TABLE1 := $(OUT)/table1

table1: $(TABLE1)/corpus.vocabulary.json ## Table I: what the corpora hold, source by source
	@$(MWE) corpus-statistics $(TABLE1)/corpus.txt --out $(OUT)/tables

$(TABLE1)/corpus.vocabulary.json: $(WORDS_CONFIGS)/corpora/open.yaml | $(READY)
	@$(MWE) corpus --config $< --text+=Wikipedia --text.path=$(ENWIKI_SAMPLE) --out $(TABLE1)/corpus.txt
