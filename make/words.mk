# Word vectors of MTG-Jamendo: tags, artist and track IDs of all tracks, evaluated on the same track IDs (Table IV).
JAMENDO_WORDS := $(OUT)/jamendo-words

.PHONY: jamendo-words
jamendo-words: $(JAMENDO_WORDS)/tag_id/seed0/metrics.json ## Word vectors from MTG-Jamendo's tags and IDs: query-by-tag, query-by-track
	@$(MWE) table lightning_configs/tables/jamendo-words.yaml

$(JAMENDO_WORDS)/words/vocabulary.json: | $(READY)
	@$(MWE) corpus --collection JamendoTracks --out $(JAMENDO_WORDS)/corpus.txt
	@$(MWE) words --corpus $(JAMENDO_WORDS)/corpus.txt --out $(@D) --settings.dim 100 --settings.workers 2

$(JAMENDO_WORDS)/tag_id/seed0/metrics.json: $(JAMENDO_WORDS)/words/vocabulary.json
	@$(MWE) test -c lightning_configs/mwe/table4/jamendo_tag_id.yaml

# Table I on collections that need no request (lightning_configs/mwe/corpora/open.yaml) and a sample of Wikipedia.
TABLE1 := $(OUT)/table1
ENWIKI_SAMPLE := $(MWE_DATA)/enwiki_sample/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2

.PHONY: table1
table1: $(TABLE1)/corpus.vocabulary.json ## Table I: what the corpora hold, source by source
	@$(MWE) corpus-statistics $(TABLE1)/corpus.txt --out $(OUT)/tables

$(TABLE1)/corpus.vocabulary.json: lightning_configs/mwe/corpora/open.yaml | $(READY)
	@$(MWE) corpus --config $< --text+=Wikipedia --text.path=$(ENWIKI_SAMPLE) --out $(TABLE1)/corpus.txt
