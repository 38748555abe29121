# The demonstration: collection → mel and words → joint embedding → measured tagging and retrieval → picture.
DEMO := $(OUT)/demo
DEMO_ROW := lightning_configs/mwe/demo/joint.yaml
DEMO_SEEDS := 0 1 2
# rows of demo-joint: lightning_configs/mwe/demo/ENCODER.yaml with each supervision
DEMO_CNN1D := tag artist track tag_artist tag_track artist_track tag_artist_track
DEMO_TRANSFORMER := tag track tag_artist_track
DEMO_RIDGE := labels words
# rows of demo-losses: all with the supervision of the demonstration
DEMO_LOSSES := cnn1d hard_negatives infonce
DEMO_SUPERVISION := tag_artist
SIAMESE_TSV ?= $(DEMO)/documents.tsv
say = @echo; echo "== $(1)"

.PHONY: demo
demo: $(READY) ## From nothing to measured tagging, retrieval and contextual tags, on a collection that needs no download
	$(call say,1/7 The collection: real tunes rendered by virtual performers)
	@$(MWE) demo
	@$(MAKE) --no-print-directory $(DEMO)/joint/seed0/metrics.json
	$(call say,5/7 Contextual tag semantics: the Siamese network on tag documents)
	@if $(MWE) fetch cal500; then $(MAKE) --no-print-directory siamese-demo; else \
	    echo "CAL500 is not to be had now: going on with the demonstration's own tags"; \
	    $(MAKE) --no-print-directory siamese-demo siamese_cal500=; fi
	$(call say,6/7 A library of all tracks, to be searched)
	@$(MWE) index --collection DemoTracks --model $(DEMO)/joint/seed0 --out $(OUT)/library
	$(call say,7/7 Results)
	@$(MWE) table lightning_configs/tables/demo.yaml --runs $(OUT) --out $(OUT)/tables
	@echo "picture of tags and tracks: $(DEMO)/joint/seed0/map.png"
	@echo 'now ask: mwe search "calm + piano - drums" --library $(OUT)/library, or mwe serve $(OUT)/library in a browser'

.PHONY: demo-seeds
demo-seeds: $(READY) ## The demonstration with three seeds: mean, standard deviation, and a control that falls to chance
	@$(MWE) demo
	@$(MAKE) --no-print-directory $(DEMO_SEEDS:%=$(DEMO)/joint/seed%/metrics.json)
	@$(MWE) table lightning_configs/tables/demo-seeds.yaml --runs $(OUT) --out $(OUT)/tables

# runs of several rows: demo_runs,ROWS
demo_runs = $(foreach seed,$(DEMO_SEEDS),$(1:%=$(DEMO)/rows/%/seed$(seed)/metrics.json))

.PHONY: demo-joint
demo-joint: $(READY) ## All supervisions of both encoders on the demonstration, three seeds, with intervals of differences
	@$(MWE) demo
	@$(MAKE) --no-print-directory $(call demo_runs,$(DEMO_CNN1D:%=cnn1d/%) $(DEMO_RIDGE:%=ridge/%) \
	    $(DEMO_TRANSFORMER:%=transformer/%) statistics/$(DEMO_SUPERVISION))
	$(call demo_table,demo-joint)

.PHONY: demo-losses
demo-losses: $(READY) ## Triplet, hard negatives and InfoNCE on the demonstration, three seeds, with intervals of differences
	@$(MWE) demo
	@$(MAKE) --no-print-directory $(call demo_runs,$(DEMO_LOSSES:%=%/$(DEMO_SUPERVISION)))
	$(call demo_table,demo-losses)

define demo_table
	@$(MWE) table lightning_configs/tables/$(1).yaml --runs $(OUT) --out $(OUT)/tables
	@$(MWE) compare lightning_configs/tables/$(1).yaml --runs $(OUT) --out $(OUT)/tables
endef

.PHONY: demo-choose
demo-choose: $(READY) ## Compare settings of the demonstration on artists held out of its training tracks
	@$(MWE) demo
	@$(MAKE) --no-print-directory $(DEMO)/mel/ready $(DEMO_SEEDS:%=$(DEMO)/words/seed%/vocabulary.json)
	@$(PY) -m benchmarks.joint_choose --outputs $(OUT)

.PHONY: demo-clips
demo-clips: $(READY) ## The demonstration's model on real recordings it never heard (MWE_DATA/audio_clips)
	@$(MWE) demo
	@$(MAKE) --no-print-directory $(DEMO)/joint/seed0/metrics.json
	@$(MWE) mel --collection JamendoTracks --collection.root $(MWE_DATA)/audio_clips --collection.file autotagging.tsv \
	    --out $(DEMO)/clips-mel
	@$(MWE) test -c lightning_configs/mwe/demo/clips.yaml --data.collection.root $(MWE_DATA)/audio_clips \
	    --trainer.logger.save_dir $(OUT) --data.mel $(DEMO)/clips-mel --data.words $(DEMO)/words/seed0 \
	    --ckpt_path $(DEMO)/joint/seed0/checkpoints/last.ckpt
	@$(MWE) table lightning_configs/tables/demo-clips.yaml --runs $(OUT) --out $(OUT)/tables

$(DEMO)/mel/ready:
	$(call say,2/7 Audio to log-mel)
	@$(MWE) mel --collection DemoTracks --out $(DEMO)/mel
	@touch $@

$(DEMO)/words/seed%/vocabulary.json:
	$(call say,3/7 Reviews and tags and artists and tracks to word vectors (seed $*))
	@$(MWE) corpus --collection DemoTracks --out $(DEMO)/words/seed$*.txt --settings.seed $* --settings.tag_words false
	@$(MWE) words --corpus $(DEMO)/words/seed$*.txt --out $(@D) --settings.seed $* \
	    --settings.dim 64 --settings.epochs 10 --settings.negatives 10

# folders and seed of a run: of_demo,NAME,SEED
of_demo = --seed_everything $(2) --trainer.logger.save_dir $(OUT) --trainer.logger.name demo/$(1) \
    --trainer.logger.version seed$(2) --data.mel $(DEMO)/mel --data.words $(DEMO)/words/seed$(2)

# a fit that was stopped goes on from its last checkpoint; one that is over ends at once
resume = $(if $(wildcard $(1)/checkpoints/last.ckpt),--ckpt_path $(1)/checkpoints/last.ckpt)

$(DEMO)/joint/seed%/metrics.json: $(DEMO)/mel/ready $(DEMO)/words/seed%/vocabulary.json
	$(call say,4/7 Sound and words into one space (seed $*))
	@$(MWE) fit -c $(DEMO_ROW) $(call of_demo,joint,$*) $(call resume,$(@D))
	@$(MWE) test -c $(DEMO_ROW) $(call of_demo,joint,$*) --ckpt_path $(@D)/checkpoints/last.ckpt \
	    --trainer.callbacks+=mwe.joint.map.JointMap

# a row of demo-joint or demo-losses: demo_row,CONFIGURATION,SUPERVISION,SEED
define demo_row
$(DEMO)/rows/$(1)/$(2)/seed$(3)/metrics.json: $(DEMO)/mel/ready $(DEMO)/words/seed$(3)/vocabulary.json
	$$(call say,$(1) by $(2) (seed $(3)))
	@$(MWE) fit $$(call row_of,$(1),$(2),$(3)) $$(call resume,$$(@D))
	@$(MWE) test $$(call row_of,$(1),$(2),$(3)) --ckpt_path $$(@D)/checkpoints/last.ckpt \
	    --trainer.callbacks+=mwe.joint.scores.KeepScores
endef
row_of = -c lightning_configs/mwe/demo/$(1).yaml -c lightning_configs/mwe/supervision/$(2).yaml \
    $(call of_demo,rows/$(1)/$(2),$(3)) --trainer.enable_progress_bar false
define demo_ridge
$(DEMO)/rows/ridge/$(1)/seed$(2)/metrics.json: $(DEMO)/mel/ready $(DEMO)/words/seed$(2)/vocabulary.json
	$$(call say,ridge regression of $(1) (seed $(2)))
	@$(MWE) test -c lightning_configs/mwe/demo/ridge.yaml --model.target $(1) $$(call of_demo,rows/ridge/$(1),$(2))
endef
demo_rules = $(foreach seed,$(DEMO_SEEDS),$(foreach name,$(2),$(eval $(call demo_row,$(1),$(name),$(seed)))))
$(call demo_rules,cnn1d,$(DEMO_CNN1D))
$(call demo_rules,transformer,$(DEMO_TRANSFORMER))
$(foreach row,statistics $(filter-out cnn1d,$(DEMO_LOSSES)),$(call demo_rules,$(row),$(DEMO_SUPERVISION)))
$(foreach seed,$(DEMO_SEEDS),$(foreach name,$(DEMO_RIDGE),$(eval $(call demo_ridge,$(name),$(seed)))))

# tag documents for the Siamese network where CAL500 is not at hand
$(DEMO)/documents.tsv: | $(READY)
	@$(MWE) documents --collection DemoTracks --out $@

.PRECIOUS: $(DEMO)/words/seed%/vocabulary.json $(DEMO)/mel/ready
