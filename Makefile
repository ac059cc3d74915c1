# Two commands do everything on a fresh machine: `make demo` and `make test`.
# VENV may name another folder; PYTHON the interpreter that makes it.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed
DEMO ?= demo

.DEFAULT_GOAL := help

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[schemas]" --group dev
	@touch $@

setup: $(STAMP)  ## make the virtual environment

demo: $(STAMP)  ## migrate a real notebook to a proven pipeline, and run it
	$(BIN)/python tools/demo.py --into $(DEMO)

test: $(STAMP)  ## run the tests
	$(BIN)/python -m pytest -q -n 2

lint: $(STAMP)  ## ruff, mypy and the layer contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: $(STAMP)  ## rewrite the golden corpus, on purpose
	THRUWAY_GOLDEN=write $(BIN)/python -m pytest -q tests/project tests/corpus

bench: $(STAMP)  ## measure, as ratios in one run
	$(BIN)/python benchmarks/ratios.py

clean:  ## remove what the commands above made
	rm -rf $(VENV) $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help setup demo test lint golden bench clean
