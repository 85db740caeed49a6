# Everything a developer or a newcomer runs. `make demo` and `make test` need nothing but Python >= 3.11.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DOCS := .venv-docs
DEMO ?= runs/demo

.PHONY: help install demo test lint types imports check benchmarks figures docs lock clean

help:  ## Show this list.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# Made anew when the locked versions or the package's own metadata change.
$(VENV)/installed: requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "emovox needs Python 3.11 or newer; say make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

install: $(VENV)/installed  ## Make the environment in .venv with the locked versions.

demo: install  ## A whole study and the recognizer on synthetic voices (minutes), into runs/demo.
	$(BIN)/emovox study run studies/demo.toml --out $(DEMO)
	@echo
	@echo "The default recognizer on some of these voices; it was made for people, and may doubt them:"
	$(BIN)/emovox predict $(DEMO)/data/synthetic/S0[12]/*_angry_01.wav $(DEMO)/data/synthetic/S0[12]/*_sad_01.wav
	@echo
	@echo "Open the report of the study in a browser:"
	@echo "  $(abspath $(DEMO))/report.html"

test: install  ## Run all tests.
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: install
	$(BIN)/mypy

imports: install
	$(BIN)/lint-imports

check: lint types imports  ## Run lint, types and import rules.

benchmarks: install  ## Measure speed as ratios against what one would otherwise run.
	for script in benchmarks/[a-z]*.py; do $(BIN)/python $$script || exit; done

figures: install  ## Draw the figures of docs/learn anew, by running its pages.
	$(BIN)/python scripts/run_pages.py --figures docs/learn/figures docs/learn/*.md

# An environment of its own: the site needs Sphinx and no torch.
$(DOCS)/installed: requirements/docs.txt pyproject.toml
	test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/docs.txt
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

docs: $(DOCS)/installed  ## Build the site into docs/_build/html; warnings are errors.
	$(DOCS)/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo docs/_build/html/index.html

lock: install  ## Write the versions now installed as the locked ones.
	$(BIN)/python -m pip freeze --exclude-editable | sed 's,+cpu$$,,' > requirements/dev.txt

clean:  ## Remove the environments, the site and all runs.
	rm -rf $(VENV) $(DOCS) docs/_build docs/_generated runs
