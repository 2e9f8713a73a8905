# make test        install into .venv if needed, then everything that has to be green
# make test-lowest the suite with the lowest versions that pyproject.toml allows (slow)
# make demo        train, sample and evaluate on the embedded promoters (a few minutes)
# make demo-image  the same for images, on embedded handwritten digits (a few minutes)
# make lint        style and types only
# make docs      the documentation site, in site/
# make package   build wheel and source archive, check them, install and use the wheel
# make benchmark   speed, as ratios against a known tool, as a Markdown table
# make clean       remove .venv, .venv-lowest and caches
#
# make PYTHON=/path/to/python3.12 test   chooses the interpreter of a new .venv

PYTHON ?= python3.11 python3.12 python3.13 python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOWEST := .venv-lowest

.PHONY: test test-lowest demo demo-image lint docs package benchmark clean

test: lint
	$(BIN)/python -m pytest -n 2
	$(BIN)/python -m pytest -n 2 -m slow tests/test_documented_commands.py

test-lowest: $(BIN)/python
	$(BIN)/python -m venv --clear $(LOWEST)
	$(BIN)/python scripts/lowest.py > $(LOWEST)/pins.txt
	$(LOWEST)/bin/python -m pip install --quiet --constraint $(LOWEST)/pins.txt \
	  --editable '.[protein,test]'
	$(LOWEST)/bin/python -m pytest -n 2

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

demo: $(STAMP)
	$(BIN)/biogan demo --overwrite

demo-image: $(STAMP)
	$(BIN)/biogan demo --kind images --overwrite

docs: $(STAMP)
	$(BIN)/python scripts/build_docs.py

package: $(BIN)/python
	$(BIN)/python scripts/check_package.py

benchmark: $(STAMP)
	$(BIN)/python scripts/benchmark.py

clean:
	rm -rf $(VENV) $(LOWEST) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist site
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

# An interpreter counts only if it starts, is supported and can make a virtual environment: the
# stub of a version manager or a Python without ensurepip is passed over.
$(BIN)/python:
	@for python in $(PYTHON); do \
	  if $$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	    2>/dev/null; then echo "$$python -m venv $(VENV)"; exec $$python -m venv $(VENV); fi; \
	done; \
	echo "biogan needs Python 3.11, 3.12 or 3.13 with venv (looked for: $(PYTHON));" \
	  "install one, or name it with make PYTHON=..." >&2; exit 1
