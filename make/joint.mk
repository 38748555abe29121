# The joint embedding on MSD and MTG-Jamendo: Tables II, VI, VII, VIII, IX and XI, and the second row of Figure 5.
# The including Makefile gives PY or MWE (the program), READY (the environment) and OUT (the output folder); words.mk and
# demo.mk, included before, make the word vectors and the demonstration. docs/cluster.md has several GPUs and nodes.

# What starts fits and tests ('torchrun --nproc_per_node 4 -m mwe'), and options of Lightning's for all of them.
JOINT ?= $(MWE)
JOINT_FLAGS ?=
JOINT_SEEDS ?= 0
# A further logger: `make table6 LOGGER=lightning_configs/logger/wandb.yaml`.
LOGGER ?=
JOINT_JOBS ?= 1

JOINT_CONFIGS := lightning_configs/mwe
JOINT_CATEGORIES := genre instrument moodtheme
joint_parallel = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOINT_JOBS))
joint_rows = $(notdir $(basename $(wildcard $(JOINT_CONFIGS)/rows/$(1)/*.yaml)))

# A row is run where its tags, its audio (or a mel store that is finished) and its word vectors are at hand.
joint_data := $(abspath $(MWE_DATA))
joint_mel = $(OUT)/msd/mel/$(1).ready
joint_audio := $(and $(wildcard $(joint_data)/msd/audio),$(wildcard $(joint_data)/msd/track_paths.tsv \
  $(joint_data)/msd/MSD_id_to_7D_id.pkl $(joint_data)/msd/MSD_split/MSD_id_to_7D_id.pkl))
joint_tags_top50 := $(wildcard $(joint_data)/msd/MSD_split/train.csv $(joint_data)/msd/MSD_split/msd_id_to_tag_vector.cP \
  $(joint_data)/msd/MSD_split/train_x_msd_id.txt)
joint_tags_zeroshot := $(wildcard $(joint_data)/msd_zeroshot/tag_split.json \
  $(joint_data)/msd_zeroshot/track_ids_in_key_order.p)
joint_here = $(and $(joint_tags_$(1)),$(or $(wildcard $(joint_mel)),$(joint_audio)))
joint_words_glove := $(WORDS)/pretrained/glove/seed0/words
joint_words_mwe := $(WORDS)/msd/wiki_review_tag_id/seed0/words
joint_words_mwe_aug := $(WORDS)/msd/wiki_review_tag_id_aug/seed0/words
# which vectors a row takes, by its name: baselines need none of their own
joint_words = $(joint_words_$(if $(findstring _mwe_aug_,$(1)),mwe_aug,$(if $(findstring _mwe_,$(1)),mwe,glove)))
joint_can_train = $(if $(filter $(joint_words_glove),$(1)),$(words_file_glove),$(call words_present,msd,wiki_review_tag_id))
joint_has_words = $(or $(wildcard $(call joint_words,$(1))/vocabulary.json),$(call joint_can_train,$(call joint_words,$(1))))
joint_ready = $(if $(call joint_here,$(1)),$(foreach row,$(call joint_rows,$(1)),$(if $(call joint_has_words,$(row)),$(row))))
joint_transfers := $(or $(wildcard $(OUT)/jamendo/mel/ready),$(wildcard $(joint_data)/mtg_jamendo/audio))

joint_logger = $(if $(LOGGER),-c $(LOGGER) --trainer.logger.name $(1) --trainer.logger.group $(2) --trainer.logger.id $(3))
# 1: logger's name; 2: version; 3: seed; 4: word vectors; 5: group of the further logger
joint_run = --seed_everything $(3) --trainer.logger.save_dir $(OUT) --trainer.logger.name $(1) \
  --trainer.logger.version $(2) --data.words $(4) $(JOINT_FLAGS) \
  $(call joint_logger,$(notdir $(1))-$(2),$(5),$(5)-$(notdir $(1))-$(2))

# One training and the test of its split. 1: split; 2: row; 3: seed.
define joint_row
$(OUT)/joint/$(1)/$(2)/seed$(3)/metrics.json: $(call joint_mel,$(1)) $(call joint_words,$(2))/vocabulary.json
	@echo "== joint embedding, $(1): $(2), seed $(3)"
	@$(JOINT) fit -c $(JOINT_CONFIGS)/rows/$(1)/$(2).yaml --data.mel $(OUT)/msd/mel \
	  $(call joint_run,joint/$(1)/$(2),seed$(3),$(3),$(call joint_words,$(2)),$(1)) $$(call resume,$$(@D))
	@$(JOINT) test -c $(JOINT_CONFIGS)/rows/$(1)/$(2).yaml --data.mel $(OUT)/msd/mel \
	  $(if $(filter-out classifier proxies,$(2)),-c $(JOINT_CONFIGS)/panels.yaml) \
	  $(call joint_run,joint/$(1)/$(2),seed$(3),$(3),$(call joint_words,$(2)),$(1)) \
	  --ckpt_path $$(@D)/checkpoints/last.ckpt
endef

# One test of Table IX. 1: row; 2: seed; 3: category.
define joint_transfer
$(OUT)/table9/$(1)/seed$(2)-$(3)/metrics.json: $(OUT)/joint/zeroshot/$(1)/seed$(2)/metrics.json $(OUT)/jamendo/mel/ready
	@echo "== zero-shot transfer, $(3): $(1), seed $(2)"
	@$(JOINT) test -c $(JOINT_CONFIGS)/rows/zeroshot/$(1).yaml -c $(JOINT_CONFIGS)/table9/$(3).yaml \
	  --data.mel $(OUT)/jamendo/mel $(call joint_run,table9/$(1),seed$(2)-$(3),$(2),$(call joint_words,$(1)),table9) \
	  --ckpt_path $(OUT)/joint/zeroshot/$(1)/seed$(2)/checkpoints/last.ckpt
endef

$(foreach split,top50 zeroshot,$(foreach row,$(call joint_rows,$(split)),$(foreach seed,$(JOINT_SEEDS),\
  $(eval $(call joint_row,$(split),$(row),$(seed))))))
$(foreach row,$(call joint_rows,zeroshot),$(foreach seed,$(JOINT_SEEDS),$(foreach category,$(JOINT_CATEGORIES),\
  $(eval $(call joint_transfer,$(row),$(seed),$(category))))))

# Both splits share one store, which they write one after the other.
$(call joint_mel,top50): | $(READY)
	@$(MWE) mel --collection MsdTop50Tracks --collection.audio $(joint_data)/msd/audio --out $(@D)
	@touch $@

$(call joint_mel,zeroshot): | $(READY) $(if $(call joint_here,top50),$(call joint_mel,top50))
	@$(MWE) mel --collection MsdZeroShotTracks --collection.audio $(joint_data)/msd/audio --out $(@D)
	@touch $@

$(OUT)/jamendo/mel/ready: | $(READY)
	@$(MWE) mel --collection JamendoTracks --out $(@D)
	@touch $@

joint_of = $(foreach row,$(filter-out $(2),$(call joint_ready,$(1))),\
  $(foreach seed,$(JOINT_SEEDS),$(OUT)/joint/$(1)/$(row)/seed$(seed)/metrics.json))
joint_table6 = $(call joint_of,top50,proxies)
joint_table7 = $(call joint_of,top50,classifier)
joint_table8 = $(call joint_of,zeroshot)
joint_table9 = $(if $(joint_transfers),$(foreach row,$(call joint_ready,zeroshot),$(foreach seed,$(JOINT_SEEDS),\
  $(foreach category,$(JOINT_CATEGORIES),$(OUT)/table9/$(row)/seed$(seed)-$(category)/metrics.json))))

# Rows that can be run are; then the table is printed, with what the others wait for.
joint_print = $(MWE) table lightning_configs/tables/$@.yaml --runs $(OUT) --out $(OUT)/tables

.PHONY: table2 table6 table7 table8 table9 table11 figure5 joint-runs
table2: $(READY) ## Table II: tracks, tags and artists of the collections' splits
	@$(MWE) collection-statistics --config $(JOINT_CONFIGS)/table2/collections.yaml --out $(OUT)/tables

table6: $(READY) ## Table VI: music tagging and query-by-tag on the top 50 tags of MSD, every row whose data is here
	@$(if $(strip $(joint_table6)),$(MAKE) --no-print-directory $(joint_parallel) $(joint_table6))
	@$(joint_print)

table7: $(READY) ## Table VII: query-by-track, by the runs of Table VI
	@$(if $(strip $(joint_table7)),$(MAKE) --no-print-directory $(joint_parallel) $(joint_table7))
	@$(joint_print)

table8: $(READY) ## Table VIII: zero-shot tagging and retrieval on MSD, every row whose data is here
	@$(if $(strip $(joint_table8)),$(MAKE) --no-print-directory $(joint_parallel) $(joint_table8))
	@$(joint_print)

table9: $(READY) ## Table IX: zero-shot transfer to MTG-Jamendo, by the runs of Table VIII
	@$(if $(strip $(joint_table9)),$(MAKE) --no-print-directory $(joint_parallel) $(joint_table9))
	@$(joint_print)

# The demonstration stands in for what is not here.
joint_full := transformer_mwe_aug_tag_artist_track
table11: $(READY) ## Table XI: tags of content and context of songs, by Table VIII's last row and by the demonstration
	@$(MWE) demo
	@$(MAKE) --no-print-directory $(joint_parallel) $(DEMO)/joint/seed0/metrics.json \
	  $(filter %/$(joint_full)/seed0/metrics.json,$(joint_table8))
	@$(MWE) tag-table --config $(JOINT_CONFIGS)/table11/songs.yaml --runs $(OUT) --out $(OUT)/tables

joint_mapped := transformer_glove_tag $(addprefix transformer_mwe_aug_,tag artist track tag_artist_track)
joint_maps = $(filter $(joint_mapped:%=$(OUT)/joint/zeroshot/%/seed0/metrics.json),$(joint_table8))
figure5: $(READY) ## Figure 5, (e) to (i): maps of joint spaces, of the demonstration where MSD is not here
	@$(if $(strip $(joint_maps)),,$(MWE) demo)
	@$(MAKE) --no-print-directory $(joint_parallel) $(or $(strip $(joint_maps)),$(DEMO)/joint/seed0/metrics.json)
	@$(MWE) figure5 --runs $(OUT) $(if $(strip $(joint_maps)),\
	  --config $(JOINT_CONFIGS)/figures/figure5.yaml --out $(OUT)/figures/figure5-joint.png,\
	  --config $(JOINT_CONFIGS)/figures/figure5_demo.yaml --out $(OUT)/figures/figure5-demo.png)

joint-runs: ## List the runs of Tables VI to IX whose data is here, a make target a line (for arrays of jobs)
	@for run in $(sort $(joint_table6) $(joint_table7) $(joint_table8) $(joint_table9)); do echo $$run; done
