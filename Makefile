# Everything sets itself up: a virtual environment in .venv, made once and again when pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.PHONY: test test-lowest-hub lint format demo clean

test: $(READY)                          ## the whole suite, a few minutes on 2 cores
	$(BIN)/python -m pytest

test-lowest-hub: $(READY)               ## tests/hub with the lowest client of the Hub that pyproject.toml allows
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --upgrade --target build/lowest-hub huggingface-hub==1.20.0
	PYTHONPATH=$(CURDIR)/build/lowest-hub $(BIN)/python -m pytest tests/hub -W "ignore:'click:DeprecationWarning"

lint: $(READY)                          ## formatting, lint, types, import directions, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell hitzoo specs zoo docs README.md CONTRIBUTING.md

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

demo: $(READY)                          ## compile a spec, train it briefly, sample from it and from the bundled model
	PATH="$(abspath $(BIN)):$$PATH" sh docs/demo.sh

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist demo *.egg-info
