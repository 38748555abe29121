# The demonstration: collection → mel and words → joint embedding → measured tagging and retrieval → picture.
DEMO := $(OUT)/demo
DEMO_ROW := lightning_configs/mwe/demo/joint.yaml
DEMO_SEEDS := 0 1 2
SIAMESE_TSV ?= $(DEMO)/documents.tsv
say = @echo; echo "== $(1)"

.PHONY: demo
demo: $(READY) ## From nothing to measured tagging, retrieval and contextual tags, on a collection that needs no download
	$(call say,1/6 The collection: real tunes rendered by virtual performers)
	@$(MWE) demo
	@$(MAKE) --no-print-directory $(DEMO)/joint/seed0/metrics.json
	$(call say,5/6 Contextual tag semantics: the Siamese network on tag documents)
	@if $(MWE) fetch cal500; then $(MAKE) --no-print-directory siamese-demo; else \
	    echo "CAL500 is not to be had now: going on with the demonstration's own tags"; \
	    $(MAKE) --no-print-directory siamese-demo siamese_cal500=; fi
	$(call say,6/6 Results)
	@$(MWE) table lightning_configs/tables/demo.yaml
	@echo "picture of tags and tracks: $(DEMO)/joint/seed0/map.png"

.PHONY: demo-seeds
demo-seeds: $(READY) ## The demonstration with three seeds: mean, standard deviation, and a control that falls to chance
	@$(MWE) demo
	@$(MAKE) --no-print-directory $(DEMO_SEEDS:%=$(DEMO)/joint/seed%/metrics.json)
	@$(MWE) table lightning_configs/tables/demo-seeds.yaml

.PHONY: demo-clips
demo-clips: $(READY) ## The demonstration's model on real recordings it never heard (MWE_DATA/audio_clips)
	@$(MWE) demo
	@$(MAKE) --no-print-directory $(DEMO)/joint/seed0/metrics.json
	@$(MWE) mel --collection JamendoTracks --collection.root $(MWE_DATA)/audio_clips --collection.file autotagging.tsv \
	    --out $(DEMO)/clips-mel
	@$(MWE) test -c lightning_configs/mwe/demo/clips.yaml --data.collection.root $(MWE_DATA)/audio_clips \
	    --ckpt_path $(DEMO)/joint/seed0/checkpoints/last.ckpt
	@$(MWE) table lightning_configs/tables/demo-clips.yaml

$(DEMO)/mel/ready:
	$(call say,2/6 Audio to log-mel)
	@$(MWE) mel --collection DemoTracks --out $(DEMO)/mel
	@touch $@

$(DEMO)/words/seed%/vocabulary.json:
	$(call say,3/6 Reviews and tags and artists and tracks to word vectors (seed $*))
	@$(MWE) corpus --collection DemoTracks --out $(DEMO)/words/seed$*.txt --settings.seed $* --settings.tag_words false
	@$(MWE) words --corpus $(DEMO)/words/seed$*.txt --out $(@D) --settings.seed $* \
	    --settings.dim 64 --settings.epochs 10 --settings.negatives 10

# a fit that was stopped goes on from its last checkpoint; one that is over ends at once
resume = $(if $(wildcard $(1)/checkpoints/last.ckpt),--ckpt_path $(1)/checkpoints/last.ckpt)

$(DEMO)/joint/seed%/metrics.json: $(DEMO)/mel/ready $(DEMO)/words/seed%/vocabulary.json
	$(call say,4/6 Sound and words into one space (seed $*))
	@$(MWE) fit -c $(DEMO_ROW) --seed_everything $* --trainer.logger.version seed$* \
	    --data.words $(DEMO)/words/seed$* $(call resume,$(@D))
	@$(MWE) test -c $(DEMO_ROW) --seed_everything $* --trainer.logger.version seed$* \
	    --data.words $(DEMO)/words/seed$* --ckpt_path $(@D)/checkpoints/last.ckpt \
	    --trainer.callbacks+=mwe.joint.map.JointMap

# tag documents for the Siamese network where CAL500 is not at hand
$(DEMO)/documents.tsv: | $(READY)
	@$(MWE) documents --collection DemoTracks --out $@

.PRECIOUS: $(DEMO)/words/seed%/vocabulary.json $(DEMO)/mel/ready
