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
	$(BIN)/python -m pytest -q --doctest-modules src/thruway
	$(BIN)/python -m pytest -q -n 2 --ignore tests/engines

test-torch: $(STAMP)  ## the tests that need torch, which is large
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group torch
	$(BIN)/python -m pytest -q tests/hazards tests/program tests/components -k torch

test-s3:  ## shared objects on a server that speaks S3; apart, since it needs older libraries
	$(PYTHON) -m venv $(VENV)-s3
	$(VENV)-s3/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(VENV)-s3/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-s3.txt -e ".[postgresql,remote]" --group s3
	$(VENV)-s3/bin/python -m pytest -q tests/run/test_run_remote.py

test-engines: $(STAMP)  ## compiled pipelines on real engines: Airflow, Kubeflow Pipelines, TFX
	$(BIN)/python tools/engines.py
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/engines

test-legacy: $(STAMP)  ## the main job inside pandas 1.5, NumPy 1.23, scikit-learn 1.1
	$(BIN)/python tools/legacy.py

docs: $(STAMP)  ## build the documentation into site/
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group docs
	$(BIN)/mkdocs build --strict --quiet

lint: $(STAMP)  ## ruff, mypy and the layer contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: $(STAMP)  ## rewrite the golden corpus, on purpose
	THRUWAY_GOLDEN=write $(BIN)/python -m pytest -q tests/project tests/corpus tests/targets

bench: $(STAMP)  ## measure, as ratios in one run
	$(BIN)/python benchmarks/ratios.py

clean:  ## remove what the commands above made
	rm -rf $(VENV) .venv-legacy $(VENV)-s3 .engines $(DEMO) site .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help setup demo test test-torch test-s3 test-engines test-legacy docs lint golden bench clean
