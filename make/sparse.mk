# Tag semantics on sparse collections: Tables 2, C.2 and E.2 on MagTag5K or its stand-in, Table 3 there and on CAL10K.
# The including Makefile gives PY or SIAMESE (the program), READY (the environment) and OUT (the output folder);
# siamese.mk, included before, gives the functions and the lists of word2vec rows and folds.

# The networks and the topic models first, so that the quick rows fill what time is left
SPARSE_TOPIC_ROWS := plsa plsa_in_context lda lda_in_context context_only context_only_unforced untrained
SPARSE_TABLE2 := single_ce siamese_ce $(SPARSE_TOPIC_ROWS) rbm crbm random popularity popularity_unforced cbow_s1_w2 \
  sg_s1_w1 lsa pca pca_pmi infoth ease
SPARSE_TABLEE2 := random pca $(SIAMESE_WORD2VEC)
SPARSE_TABLE3 := single_ce siamese_ce context_only random popularity pca

# one set of runs a collection: its collection part, its fits, topics of the baselines with topics
sparse_collection_siamese-sparse := magna_songs
sparse_fits_siamese-sparse := table2
sparse_topics_siamese-sparse := 19
sparse_collection_siamese-cal10k := cal10k
sparse_fits_siamese-cal10k := table3_cal10k
sparse_topics_siamese-cal10k := 25
sparse_settings = $(if $(filter $(2),$(SPARSE_TOPIC_ROWS)),--settings '{n_topics: $(sparse_topics_$(1))}')

# Rules of one set of runs. 1: its name.
define sparse_rules
$(OUT)/$(1)/single_ce/fold%/metrics.json: | $(READY)
	@echo "== $(1): prediction stage, fold $$*"
	@$(siamese) fit -c $(SIAMESE_CONFIGS)/$(sparse_fits_$(1))/single_ce.yaml $$(call siamese_run,$(1),single_ce,$$*) \
	  $$(call siamese_resume,$$(@D))

$(OUT)/$(1)/siamese_ce/fold%/metrics.json: $(OUT)/$(1)/single_ce/fold%/metrics.json
	@echo "== $(1): Siamese stage, fold $$*"
	@$(siamese) fit -c $(SIAMESE_CONFIGS)/$(sparse_fits_$(1))/siamese_ce.yaml $$(call siamese_run,$(1),siamese_ce,$$*) \
	  --model.init_args.init_from $(OUT)/$(1)/single_ce/fold$$* $$(call siamese_resume,$$(@D))

# a pattern rule with several targets makes all of them in one run
$(foreach fold,$(SIAMESE_FOLDS),$(OUT)/$(1)/%/fold$(fold)/metrics.json): | $(READY)
	@echo "== $(1): baseline $$*"
	@$(siamese) baseline --name $$* $$(call sparse_settings,$(1),$$*) \
	  --collection $(SIAMESE_CONFIGS)/collection/$(sparse_collection_$(1)).yaml \
	  --folds $(call siamese_list,$(SIAMESE_FOLDS)) --out $(OUT)/$(1)/$$*
endef

$(eval $(call sparse_rules,siamese-sparse))
$(eval $(call sparse_rules,siamese-cal10k))
$(eval $(call siamese_table,siamese-table2,siamese-sparse,$(SPARSE_TABLE2),$(SIAMESE_FOLDS)))
$(eval $(call siamese_table,siamese-tableC2,siamese-sparse,single_ce siamese_ce,$(SIAMESE_FOLDS)))
$(eval $(call siamese_table,siamese-tableE2,siamese-sparse,$(SPARSE_TABLEE2),$(SIAMESE_FOLDS)))
$(eval $(call siamese_table,siamese-table3,siamese-sparse,$(SPARSE_TABLE3),$(SIAMESE_FOLDS)))
$(eval $(call siamese_table,siamese-table3-cal10k,siamese-cal10k,$(SPARSE_TABLE3),$(SIAMESE_FOLDS)))

.PHONY: siamese-table2 siamese-tableC2 siamese-tableE2 siamese-table3
siamese-table2: $(READY) ## Table 2 of the Siamese paper on MagnaTagATune songs in place of MagTag5K, all its rows
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-table2.csv

siamese-tableC2: $(READY) ## Table C.2: predicted tags as a ranking, on the same songs
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-tableC2.csv

siamese-tableE2: $(READY) ## Table E.2: C-BOW and skip-gram, windows 1 to 4, two orders of tags, on the same songs
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-tableE2.csv

siamese-table3: $(READY) ## Table 3: tags out of vocabulary, on the same songs and on CAL10K
	@$(MAKE) --no-print-directory $(siamese_parallel) $(OUT)/tables/siamese-table3.csv $(OUT)/tables/siamese-table3-cal10k.csv
