# Set-up, running and checking. Each target makes what it needs: a fresh checkout wants python3, its venv module and make.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Installed from the lock with hashes, then this checkout itself, without asking the registry for anything further.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: serve test check smoke wheel bench bench-stall bench-curves bench-profile soak docs lock format clean

serve: $(VENV)/.serve
	$(BIN)/cryptoserve server -dev -dev-root-token-id=root

test: $(VENV)/.dev
	$(BIN)/pytest -n 2 --dist loadgroup

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Without the development tools: for another Python, `make smoke PYTHON=/usr/bin/python3 VENV=.venv-other`.
smoke: $(VENV)/.serve
	$(BIN)/python tests/smoke.py

# What is installed on machines without a checkout. What an earlier build has left behind would get into it, and what is
# said there of entry points would be believed by servers that are started in the checkout.
wheel: $(VENV)/.serve
	rm -rf build
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .
	rm -rf build cryptoserve_server.egg-info

# Each writes its part of the documentation; docs/performance.md says what they measure and how long they take.
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks compare --write docs/benchmarks.md

bench-stall: $(VENV)/.dev
	$(BIN)/python -m benchmarks stall --write docs/performance.md

bench-curves: $(VENV)/.bench
	$(BIN)/python -m benchmarks curves --write docs/performance.md

bench-profile: $(VENV)/.bench
	$(BIN)/python -m benchmarks profile --write docs/performance.md

soak: $(VENV)/.dev
	$(BIN)/pytest -m soak tests

# The lists of all paths, algorithms and crypto profiles; the other pages are written by hand, and tests hold them against the code.
docs: $(VENV)/.dev
	$(BIN)/python -m tests.house.api_document
	$(BIN)/python -m tests.house.algorithm_document
	$(BIN)/python -m tests.house.profile_document
	$(BIN)/python -m tests.house.crypto_policy_document
	$(BIN)/python -m tests.house.reference_tables

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# To be run after any change of the dependencies in pyproject.toml.
lock: $(VENV)/.dev
	$(PIP) install uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate \
	    --custom-compile-command "make lock" pyproject.toml sdk/pyproject.toml --extra crypto-policy --group build -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
	    --custom-compile-command "make lock" --constraint requirements.lock pyproject.toml sdk/pyproject.toml --extra crypto-policy --group dev -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
	    --custom-compile-command "make lock" --constraint requirements-dev.lock --group bench -o requirements-bench.lock

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: requirements.lock pyproject.toml sdk/pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable . --editable sdk
	touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml sdk/pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable . --editable sdk
	touch $@ $(VENV)/.serve

$(VENV)/.bench: requirements-bench.lock $(VENV)/.dev
	$(PIP) install --require-hashes --requirement requirements-bench.lock
	touch $@

clean:
	rm -rf build dist $(VENV) .venv-* .hypothesis .mypy_cache .pytest_cache .ruff_cache
