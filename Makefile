# Two commands matter: `make run` and `make test`. Each installs what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install run test check index bench screenshots lock audit format

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# The stamps hold what was installed: a changed pin installs anew, an unchanged one costs nothing.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is older than 3.11; name another: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (several minutes the first time)"
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) --editable '.[dev]'
	@touch $@

install: $(VENV)/installed ## make the virtual environment and install the program

run: $(VENV)/installed ## bring the index up to date and serve the page on http://127.0.0.1:7860
	@$(BIN)/assistant index
	@$(BIN)/python app.py

test: $(VENV)/installed-dev ## install what the tests need, Chromium included, and run them all
	@scripts/install-test-tools
	$(BIN)/python -m pytest --cov --cov-report=term

check: $(VENV)/installed-dev ## formatting, lint, types, direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

index: $(VENV)/installed ## bring the index up to date with corpus/
	@$(BIN)/assistant index

bench: $(VENV)/installed-dev ## the tables of README.md: make bench DATA=folder-of-data-sets
	@test -n "$(DATA)" || { echo "make: name the folder of the data sets: make bench DATA=…"; exit 1; }
	@$(BIN)/assistant index
	$(BIN)/python -m benchmarks.golden
	$(BIN)/python -m benchmarks.page
	$(BIN)/python -m benchmarks.suggestions
	$(BIN)/python -m benchmarks.answers $(DATA)
	$(BIN)/python -m benchmarks.followups $(DATA)/mtragun
	$(BIN)/python -m benchmarks.retrieval $(DATA)/squad2_en $(DATA)/squad2_sv_en $(DATA)/swefaq_dev $(DATA)/clapnq $(DATA)/medline
	$(BIN)/python -m benchmarks.speed $(DATA)/medquad_genetics
	$(BIN)/python -m benchmarks.throughput
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.choices $(DATA)/medquad_genetics
	$(BIN)/python -m benchmarks.building $(DATA)/medquad_genetics $(DATA)/squad2_en $(DATA)/clapnq $(DATA)/cranfield $(DATA)/medline $(DATA)/swefaq_dev
	$(BIN)/python -W ignore -m benchmarks.starters $(DATA)/squad2_en $(DATA)/medquad_genetics
	$(BIN)/python -m benchmarks.vectors $(DATA)/medquad_genetics $(DATA)/squad2_en $(DATA)/clapnq $(DATA)/cranfield

screenshots: $(VENV)/installed-dev ## make the pictures in docs/ anew
	@scripts/install-test-tools
	$(BIN)/python -m scripts.screenshots

lock: ## pin everything the direct dependencies bring in, from a fresh environment
	$(PYTHON) scripts/lock.py

audit: $(VENV)/installed-dev ## known holes (needs the internet), licences, and the list of parts in dist/
	$(BIN)/python -m scripts.audit
