# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
DATA ?= ../shared/datasets/pbc
ALSO ?= $(wildcard $(dir $(DATA))bccd_crops)
WEIGHTS ?= imagenet
RECIPE ?= export/recipes/pbc.toml
RUNS ?= $(HOME)/hematovision-runs
FIELDS ?= $(wildcard $(dir $(DATA))bionet_fields $(dir $(DATA))txl_pbc)
RUN ?= $(RUNS)/$(basename $(notdir $(RECIPE)))
MODEL ?= models/pbc
ARGS ?=
OUT ?= dist
# What is installed, in words; pip says nothing for minutes.
PARTS_web := what the app needs, 200 MB
PARTS_camera := what USB cameras and video files need, 300 MB
PARTS_archive := what archives of millions of pictures need, 200 MB
PARTS_export := what training and evaluating need, 2 GB
PARTS_test := everything, 2 GB
PARTS_bench := what measuring and drawing need, 300 MB
PARTS_pack := what making archives needs, 300 MB
PARTS_fuzz := a fuzzer that is guided by coverage, 50 MB
PARTS_compare := the engines to compare with, 500 MB

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary=:all:

.DEFAULT_GOAL := help
.PHONY: help setup run camera archive test check campaign-kill campaign-power campaign-update campaign-fuzz campaign-api campaign-load workshop train retrain detector export adapt \
  bench compare readme verify wheelhouse sbom texts screenshots times requirements clean

help:  ## show this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/web.ok  ## install what the app needs into .venv

run: setup  ## serve the app on http://127.0.0.1:5000
	@$(PY) -m webapp $(ARGS)

camera: $(VENV)/camera.ok  ## list the cameras, or look through one: SOURCE=0 ARGS=--analyze
	@$(PY) -m runtime camera $(if $(SOURCE),--source $(SOURCE),--list) $(ARGS)

archive: $(VENV)/archive.ok  ## answer any number of pictures into Parquet: SOURCE=folder OUT=folder ARGS="--workers 2"
	@$(PY) -m runtime archive $(if $(SOURCE),$(SOURCE) --out $(or $(OUT),$(error say OUT=folder)),--help) $(ARGS)

test: $(VENV)/test.ok  ## install the rest and run every test
	@$(PY) -m pytest $(ARGS)

check: $(VENV)/test.ok  ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

campaign-kill: $(VENV)/test.ok  ## kill the server (SIGKILL) 1,000 times at random moments, and look for what was lost: ARGS="--times 50"
	@$(PY) -m tests.campaigns.kill $(ARGS)

campaign-power: $(VENV)/test.ok  ## cut the power 200 times, what was not synced is gone: needs FUSE (apt install fuse3)
	@$(PY) -m tests.campaigns.power $(ARGS)

campaign-update: $(VENV)/test.ok  ## kill updates (SIGKILL) 50 times at random moments, and look at who runs and what is kept
	@$(PY) -m tests.campaigns.updating $(ARGS)

campaign-fuzz: $(VENV)/test.ok $(VENV)/fuzz.ok  ## fuzz whatever reads foreign bytes, an hour each: ARGS="pictures sets --seconds 300 --keep folder"
	@$(PY) -m tests.campaigns.fuzz $(ARGS)

campaign-api: $(VENV)/test.ok  ## ask the whole API what it does not expect, in each way of signing in and in none: ARGS="--examples 20"
	@$(PY) -m tests.campaigns.api $(ARGS)

campaign-load: $(VENV)/test.ok  ## 50 clients at one server for 10 minutes: ARGS="--clients 8 --seconds 60"
	@$(PY) -m tests.campaigns.load $(ARGS)

workshop: $(VENV)/export.ok  ## install what training and evaluating need, about 2 GB

train: $(VENV)/export.ok  ## fine-tune: DATA=folder WEIGHTS=file|imagenet RECIPE=file RUN=folder START=run BLEND=run UNTYPED=folders TEACHER=run FRESH=1
	$(PY) -m export train $(RECIPE) --data $(DATA) --run $(RUN) \
	  $(if $(START),--start $(START) $(if $(BLEND),--blend $(BLEND)),--weights $(WEIGHTS)) $(if $(FRESH),--fresh) \
	  $(if $(UNTYPED),--untyped $(UNTYPED)) $(if $(TEACHER),--teacher $(TEACHER))

PASS = @$(MAKE) --no-print-directory train RECIPE=export/recipes/pbc$(1).toml RUN=$(RUNS)/pbc$(1)

retrain: $(VENV)/export.ok  ## train the shipped classifier anew, eight passes in RUNS, a day on two cores: ORIGIN=folder of ImageNet weights
	$(call PASS,-first) WEIGHTS=$(ORIGIN)/mobilenet_v2_0.35_128_no_top.weights.h5
	$(call PASS,-second) START=$(RUNS)/pbc-first
	$(call PASS,-third) START=$(RUNS)/pbc-second TEACHER=$(RUNS)/pbc-second UNTYPED="$(FIELDS)"
	$(call PASS,-fourth) START=$(RUNS)/pbc-third
	$(call PASS,-teacher) WEIGHTS=$(ORIGIN)/mobilenet_v2_1.0_224_no_top.weights.h5 \
	  TEACHER=$(RUNS)/pbc-fourth UNTYPED="$(FIELDS)"
	$(call PASS,-fifth) START=$(RUNS)/pbc-fourth TEACHER=$(RUNS)/pbc-teacher UNTYPED="$(FIELDS)"
	$(call PASS,-sixth) START=$(RUNS)/pbc-fifth
	$(call PASS) START=$(RUNS)/pbc-fourth BLEND=$(RUNS)/pbc-sixth

FIND = @$(MAKE) --no-print-directory train DATA="$(FIELDS)" RECIPE=export/recipes/fields$(1).toml RUN=$(RUNS)/fields$(1)

detector: $(VENV)/export.ok  ## train the shipped detector anew, five passes in RUNS, three hours on two cores: ORIGIN=as above
	$(call FIND,-first) WEIGHTS=$(ORIGIN)/mobilenet_v2_0.35_128_no_top.weights.h5
	$(call FIND,-second) START=$(RUNS)/fields-first
	$(call FIND,-third) START=$(RUNS)/fields-second
	$(call FIND,-fourth) START=$(RUNS)/fields-third
	$(call FIND) START=$(RUNS)/fields-fourth BLEND=$(RUNS)/fields-second

export: $(VENV)/export.ok  ## make a measured bundle of the run: DATA RUN RECIPE=its recipe, perhaps with another [export], ALSO=other cells CLASSES=their names, STRANGE=no cells, DEFAULT=1
	$(PY) -m export convert $(RUN) --data $(DATA) \
	  $(if $(filter-out file,$(origin RECIPE)),--recipe $(RECIPE)) $(if $(STRANGE),--strange $(STRANGE))
	$(PY) -m export publish $(RUN) --data $(DATA) $(if $(ALSO),--also $(ALSO)) \
	  $(if $(CLASSES),--classes $(CLASSES)) $(if $(STRANGE),--strange $(STRANGE)) $(if $(DEFAULT),--default)

adapt: $(VENV)/export.ok  ## refit a bundle to cells of your microscope: DATA=folder NAME=site MODEL=models/pbc CLASSES=their names, DEFAULT=1
	$(PY) -m export adapt $(MODEL) --data $(DATA) --name $(or $(NAME),$(error say NAME=site)) \
	  $(if $(CLASSES),--classes $(CLASSES)) $(if $(DEFAULT),--default)

bench: $(VENV)/bench.ok  ## measure speed and memory on this machine
	$(PY) -m benchmarks run $(ARGS)

compare: $(VENV)/compare.ok  ## time the model in other engines too: installs LiteRT and OpenVINO
	$(PY) -m benchmarks compare --save benchmarks/comparison.json $(ARGS)

readme: $(VENV)/bench.ok  ## write the README's figures from manifests and results
	$(PY) -m benchmarks readme

EXTRACT = $(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --keywords t --keywords tn:1,2 --no-location --sort-output --no-wrap --omit-header --output-file

# What Babel writes of itself and of the day, which would change with each run.
HEADER := Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|MIME-Version|Content-Transfer-Encoding|Generated-By

texts: $(VENV)/test.ok  ## gather the pages' texts in webapp/texts/messages.pot, and renew the translations
	$(EXTRACT) webapp/texts/messages.pot webapp
	for file in webapp/texts/*.po; do $(BIN)/pybabel --quiet update --no-wrap --no-fuzzy-matching --ignore-obsolete \
	  --input-file webapp/texts/messages.pot --output-file $$file --locale $$(basename $$file .po); \
	  sed -i -E '/^"($(HEADER)): /d' $$file; done

screenshots: $(VENV)/test.ok  ## renew the README's pictures of the pages: needs Chromium
	$(PY) -m tests.screenshots docs/pictures

times: $(VENV)/test.ok  ## time every page with 1,000 and with 100,000 cells, into docs/page-times.md
	$(PY) -m tests.page_times docs/page-times.md

verify: setup  ## prove that the bundles answer here as where they were made
	$(PY) -m runtime verify

wheelhouse: $(VENV)/pack.ok  ## an archive in OUT=dist that installs without a network: PLATFORM=linux-x86_64|linux-aarch64|windows-x86_64 CAMERA=1 with OpenCV, SIGN=key
	@$(PY) -m webapp.packaging wheelhouse $(or $(PLATFORM),$(error say PLATFORM=linux-x86_64, linux-aarch64 or windows-x86_64)) \
	  --out $(OUT) $(if $(CAMERA),--camera) $(if $(SIGN),--sign $(SIGN))

sbom: $(VENV)/pack.ok  ## list the app's packages in OUT=dist, as CycloneDX
	@mkdir -p $(OUT)
	@sed "s/^dynamic = .*/version = \"$$($(PY) -c 'import webapp; print(webapp.__version__)')\"/" pyproject.toml \
	  | $(BIN)/cyclonedx-py requirements requirements/web.txt --pyproject /dev/stdin --output-reproducible \
	    -o $(OUT)/hematovision.cdx.json

requirements:  ## renew the pinned packages from pyproject.toml
	@for name in device web camera postgres archive bench compare export fuzz pack test installer; do \
	  from=$$(case $$name in device) echo pyproject.toml ;; installer) echo --group installer ;; \
	    pack) echo pyproject.toml --extra web --extra pack -c requirements/web.txt ;; \
	    test) echo pyproject.toml --extra web --extra camera --extra postgres --extra archive --extra bench --extra export --extra pack \
	      --extra test ;; \
	    *) echo pyproject.toml --extra $$name ;; esac); \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-annotate $(if $(UPGRADE),--upgrade) $$from -o requirements/$$name.txt \
	    || exit 1; done

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/%.ok: requirements/%.txt | $(PY)
	@echo "installing $(PARTS_$*) in $(VENV), from $<: this takes some minutes"
	@$(PIP) -r $<
	@touch $@
