# The main targets are `make run` and `make test`. Each target installs what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install run test check index bench docs screenshots lock audit format

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# Stamp files: packages are installed again only if a pinned version changes.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is older than 3.11; use a newer one: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (takes several minutes the first time)"
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) --editable '.[dev]'
	@touch $@

install: $(VENV)/installed ## create the virtual environment and install the program

run: $(VENV)/installed ## update the index and start the server on http://127.0.0.1:7860
	@$(BIN)/assistant index
	@$(BIN)/python app.py

test: $(VENV)/installed-dev ## install the test tools, including Chromium, and run all tests
	@scripts/install-test-tools
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -rs --cov --cov-report=term

check: $(VENV)/installed-dev ## check formatting, lint rules, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

index: $(VENV)/installed ## update the index from corpus/
	@$(BIN)/assistant index

bench: $(VENV)/installed-dev ## print the benchmark tables: make bench DATA=folder-of-data-sets
	@test -n "$(DATA)" || { echo "make: specify the folder of the data sets: make bench DATA=…"; exit 1; }
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

docs: $(VENV)/installed-dev ## update the generated pages and build the documentation in dist/docs/
	$(BIN)/python -m scripts.site

screenshots: $(VENV)/installed-dev ## take the screenshots in docs/images/ again
	@scripts/install-test-tools
	$(BIN)/python -m scripts.screenshots

lock: ## pin all dependencies, resolved in a fresh environment
	$(PYTHON) scripts/lock.py

audit: $(VENV)/installed-dev ## check vulnerabilities (needs the internet) and licences, and write an SBOM to dist/
	$(BIN)/python -m scripts.audit
