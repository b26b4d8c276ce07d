# Everything sets itself up: a virtual environment in .venv, made once and again when what it is made of changes.
# `make PYTHON=python3.13 test` takes another interpreter, `VENV=folder` puts it elsewhere. `WHEELS=folder` installs from
# the wheels that lie there, without a network: python -m pip download --dest folder --constraint constraints.txt
# '.[dev,docs]' editables, on a machine with the same system and version of Python.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())')
READY := $(VENV)/.installed-$(VERSION)
NEWEST := build/venv-newest
LOWEST := build/venv-lowest
PYTEST := -m pytest -n 2 --dist worksteal
BRIEF := tests/cli tests/data tests/hub tests/spec tests/training/run tests/zoo
OFFLINE := $(if $(WHEELS),--no-index --find-links $(abspath $(WHEELS)))

# Or each of the suite's processes compiles hitzoo anew, for 0.2 to 0.4 s, and each of its workers all tests, for 6 s.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: test test-all test-fast test-brief test-newest test-lowest browser gpu lint format docs schema demo constraints clean

test: $(READY)                          ## the suite, a few minutes on 2 cores
	$(BIN)/python $(PYTEST)

test-all: $(READY) browser              ## with the exhaustive and the browser's tests too, processes started as a user's
	$(BIN)/python $(PYTEST) -m '' --real-starts

test-fast: $(READY)                     ## without the tests that start processes of their own
	$(BIN)/python $(PYTEST) -m 'not processes and not exhaustive and not browser'

test-brief: $(READY)                    ## where Python's own version matters: the command, files, network, specs
	$(BIN)/python $(PYTEST) -m 'not processes and not exhaustive and not browser' $(BRIEF)

test-newest:                            ## the suite with the newest release of everything
	$(call environment,$(NEWEST),--upgrade)
	$(NEWEST)/bin/python $(PYTEST)

test-lowest:                            ## the suite with each dependency's lowest release that pyproject.toml allows
	$(call environment,$(LOWEST),--resolution lowest-direct)
	$(LOWEST)/bin/python $(PYTEST)

browser: $(READY)                       ## Chromium and what drives it, for the tests marked browser
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(OFFLINE) --constraint constraints.txt --editable '.[browser]'
	$(BIN)/python -m tests.browser.install

gpu: $(READY)                           ## on a GPU: tests and measurements (PARTS=a,b SECONDS=600 OPTIONS=--again WHEELS=dir)
	$(BIN)/python -m tests.gpu_day $(if $(PARTS),--parts $(PARTS)) $(if $(SECONDS),--seconds $(SECONDS)) $(OPTIONS)

lint: $(READY)                          ## formatting, lint, types, import directions, spelling, scripts, the Dockerfile
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell hitzoo specs zoo docs README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md
	$(BIN)/shellcheck docs/demo.sh docs/clusters/*.sh
	$(BIN)/hadolint Dockerfile

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: schema                            ## docs/spec.md from the schema, then the site in build/site; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

schema: $(READY)                        ## the schema for editors, and what docs/spec.md says of every key
	$(BIN)/python -m hitzoo.families.generated hitzoo/spec/schema/spec.schema.json docs/spec.md

demo: $(READY)                          ## compile a spec, train it briefly, sample from it and from a bundled model
	PATH="$(abspath $(BIN)):$$PATH" sh docs/demo.sh

constraints: $(READY)                   ## constraints.txt anew, from the newest releases; run the suite, then commit it
	$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --all-extras --no-annotate \
	    --custom-compile-command 'make constraints' --output-file constraints.txt pyproject.toml

$(READY): pyproject.toml constraints.txt
	$(call environment,$(VENV),--constraint constraints.txt)
	touch $@

clean:
	rm -rf $(VENV) build dist demo *.egg-info

# hitzoo and all that it is developed with, in a new virtual environment: $(call environment,FOLDER,OPTIONS). By uv, in a
# sixth of pip's time; by pip where uv, which does not read pip's settings, reaches no registry. Compiled as pip does it:
# where PYTHONDONTWRITEBYTECODE is set, every process of the suite would compile torch again, for 2 to 4 s.
define environment
$(PYTHON) -m venv --clear $(1)
$(1)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(OFFLINE) uv
$(1)/bin/uv pip install --quiet --compile-bytecode --python $(1)/bin/python $(OFFLINE) $(2) --editable '.[dev,docs]' \
    || $(1)/bin/python -m pip install --disable-pip-version-check --quiet $(OFFLINE) $(2) --editable '.[dev,docs]'
endef
