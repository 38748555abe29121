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
