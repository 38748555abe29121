# Tables and figures of the papers: lightning_configs/experiments declares each, `mwe paper NAME` makes it.
# Options of that: `make table8 PAPER="--jobs 4 --seeds 0,1,2"`; `mwe paper --help` lists them.
PAPER ?=
PAPERS := $(basename $(notdir $(wildcard lightning_configs/experiments/*.yaml)))

.PHONY: $(PAPERS) joint-runs
$(PAPERS): $(READY)
	@$(MWE) paper $@ --out $(OUT) $(PAPER)

demo: ## From nothing to measured tagging, retrieval and contextual tags, on a collection that needs no download
demo-seeds: ## The demonstration with three seeds: mean, standard deviation, and a control that falls to chance
demo-joint: ## All supervisions of both encoders, and a published network, on the demonstration, three seeds, with intervals
demo-losses: ## Triplet, hard negatives and InfoNCE on the demonstration, three seeds, with intervals of differences
demo-choose: ## Compare settings of the demonstration on artists held out of its training tracks
real-music: ## Real recordings: the demonstration's model, towers, bridges and the open model (MWE_DATA/audio_clips)
demo-clips: ## The demonstration's model on real recordings it never heard (MWE_DATA/audio_clips)
clip-folds: ## Musicnn, frozen and fine-tuned, beside the 1D-CNN on real recordings, by folds of artists (MWE_DATA/audio_clips)
table3: ## Table III: tag rank prediction by word vectors, every row whose data is here
table4: ## Table IV: query-by-tag on the word vectors, all pairs and those kept out of the corpus
table5: ## Table V: query-by-track on the word vectors, likewise
table10: ## Table X: queries of several words
figure4: ## Figure 4: similarity of house/club, house/home, rock/metal, rock/stone in several word vectors
figure5-words: ## Figure 5, (a) to (d): maps of tags in several word vectors
jamendo-words: ## Tag+ID on all 55,525 tracks of MTG-Jamendo: query-by-tag, query-by-track (10 minutes)
table1: ## Table I: what the corpora hold, source by source
table2: ## Table II: tracks, tags and artists of the collections' splits
table6: ## Table VI: music tagging and query-by-tag on the top 50 tags of MSD, every row whose data is here
table7: ## Table VII: query-by-track, by the runs of Table VI
table8: ## Table VIII: zero-shot tagging and retrieval on MSD, every row whose data is here
table9: ## Table IX: zero-shot transfer to MTG-Jamendo, by the runs of Table VIII
table11: ## Table XI: tags of content and context of songs, by Table VIII's last row and by the demonstration
figure5: ## Figure 5, (e) to (i): maps of joint spaces, of the demonstration where MSD is not here
siamese-quick: ## Table 1 of the Siamese paper on CAL500: 5 rows x 3 folds, only what is missing (3 minutes)
siamese-demo: ## One fold of the same on CAL500, or on the tag documents of the demonstration where CAL500 is not at hand
siamese-table1: ## Table 1 of the Siamese paper on CAL500, all its rows and eight more, t-tests (6 minutes)
siamese-tableC1: ## Table C.1: the networks' predicted tags as a ranking, beside their embeddings (3 minutes)
siamese-tableE1: ## Table E.1: C-BOW and skip-gram, windows 1 to 4, two orders of tags (2 minutes)
siamese-choose: ## Settings of both stages by validation inside the training documents of CAL500 (12 minutes)
siamese-table2: ## Table 2 of the Siamese paper on MagnaTagATune songs in place of MagTag5K, all its rows
siamese-tableC2: ## Table C.2: predicted tags as a ranking, on the same songs
siamese-tableE2: ## Table E.2: C-BOW and skip-gram, windows 1 to 4, two orders of tags, on the same songs
siamese-table3: ## Table 3: tags out of vocabulary, on the same songs and on CAL10K
siamese-masked: ## Hidden tags by revealed ones: 20 rows x 3 folds on each of 3 tag collections, and their differences
siamese-masked-unseen: ## The same with 5 % of the tags unseen in training: encoder, naive Bayes and popularity
siamese-figures: ## Figures 2, 3, 4, D.1 of the Siamese paper, and 5 after siamese-table2 (1 minute after siamese-table1)
cal500-features: ## CAL500's audio features: supervised and zero-shot tagging by words trained without it, 5 folds
contextual: ## Tags in context against word vectors: a query of a tag among others, on the demonstration and CAL500

ZEROSHOT ?=
PROBES ?=
CONTROL := $(OUT)/zeroshot/random-clap
PAIRS := '[open model=open, demo model=$(OUT)/demo/joint/seed0, random CLAP=clap:$(CONTROL)]'

.PHONY: zeroshot
zeroshot: $(DEV) demo ## Tower pairs side by side on every collection that is on disk; ZEROSHOT="--pairs+=clap:FOLDER" adds one
	@$(PY) -m tests.tiny_clap $(CONTROL)
	@$(MWE) reproduce zeroshot --out $(OUT)/tables --kept $(OUT)/zeroshot \
	  --pairs $(PAIRS) --pairs+='demo words=words:$(OUT)/demo/words/seed0' $(ZEROSHOT)

.PHONY: probes
probes: $(DEV) demo ## Probes of tags on the vectors of tower pairs, on every collection that is on disk; PROBES="..." as above
	@$(PY) -m tests.tiny_clap $(CONTROL)
	@$(MWE) reproduce probes --out $(OUT)/tables --kept $(OUT)/zeroshot --pairs $(PAIRS) $(PROBES)

joint-runs: $(READY) ## List the runs of Tables VI to IX whose data is here, a line each (for arrays of jobs)
	@$(MWE) paper table6 table7 table8 table9 --runs --out $(OUT)
