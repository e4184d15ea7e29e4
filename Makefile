# Set-up, running and checking. Each target makes what it needs: a fresh checkout wants python3, its venv module and make.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Installed from the lock with hashes, then this checkout itself, without asking the registry for anything further.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: screenshots serve test check smoke wheels sbom release site image bench bench-stall bench-curves bench-profile scan-bench soak docs lock format clean

serve: $(VENV)/.serve
	$(BIN)/cryptoserve server -dev -dev-root-token-id=root

test: $(VENV)/.dev
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

# What is installed elsewhere; tests are of this checkout alone.
SHIPPED := server engines storage auth_methods compat sdk/cryptoserve sdk/cryptoserve_cli
check: $(VENV)/.dev site
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive --severity-level medium $(SHIPPED) packaging
	$(BIN)/python packaging/audit.py requirements-dev.lock

# Without the development tools: for another Python, `make smoke PYTHON=/usr/bin/python3 VENV=.venv-other`.
smoke: $(VENV)/.serve
	$(BIN)/python tests/deployment/smoke.py

# What is installed on machines without a checkout. What an earlier build has left behind would get into it, and what is
# said there of entry points would be believed by servers that are started in the checkout. The same commit makes the same
# bytes: times are those of the commit, permissions those of this umask.
BUILT := $(or $(shell git log -1 --format=%ct 2>/dev/null),315532800)
wheels: $(VENV)/.serve
	rm -rf build sdk/build dist/cryptoserve_*.whl
	umask 022 && SOURCE_DATE_EPOCH=$(BUILT) $(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist . ./sdk
	rm -rf build sdk/build cryptoserve_server.egg-info sdk/cryptoserve_sdk.egg-info

# What the lock installs on this platform, as CycloneDX.
sbom: $(VENV)/.dev
	mkdir -p dist
	$(BIN)/python packaging/sbom.py requirements.lock pyproject.toml dist

# What a release has: wheels, bill of materials, and the checksums of both. It fails where advisories can't be looked up.
release: wheels sbom
	$(BIN)/python packaging/audit.py --strict requirements-dev.lock
	cd dist && sha256sum cryptoserve_*.whl *.cdx.json > SHA256SUMS

# The documentation site, in site/: the pages as they are. Links are checked, and that nothing is loaded from another host.
site: $(VENV)/.dev
	rm -rf site
	$(BIN)/sphinx-build -q -W --keep-going -E -d build/site -c packaging/site . site
	cp site/README.html site/index.html
	$(BIN)/python packaging/site/check.py site

# The image: its build asks no network, so the locked wheels for its Python are fetched first. BASE=NAME@sha256:... chooses
# another base. buildah builds it without a daemon, else docker does.
IMAGE ?= localhost/cryptoserve:dev
IMAGE_PYTHON ?= 3.13
IMAGE_GLIBC := 17 24 26 27 28 31 34
BUILDAH ?= buildah
export BUILDAH_ISOLATION ?= chroot
export BUILDAH_FORMAT ?= docker
image: wheels
	rm -rf dist/locked
	$(PIP) download --require-hashes --only-binary=:all: --no-deps --requirement requirements.lock --dest dist/locked \
	    --python-version $(IMAGE_PYTHON) --platform linux_$$(uname -m) --platform manylinux2014_$$(uname -m) \
	    $(foreach minor,$(IMAGE_GLIBC),--platform manylinux_2_$(minor)_$$(uname -m))
	if command -v $(firstword $(BUILDAH)) >/dev/null; then \
	    $(BUILDAH) bud --ulimit nproc=$$(bash -c 'ulimit -Hu'):$$(bash -c 'ulimit -Hu') \
	        --ulimit nofile=$$(bash -c 'ulimit -Hn'):$$(bash -c 'ulimit -Hn') \
	        $(if $(BASE),--pull=never --build-arg BASE=$(BASE)) --tag $(IMAGE) .; \
	else docker build $(if $(BASE),--build-arg BASE=$(BASE)) --tag $(IMAGE) .; fi

# Each writes its part of the documentation; docs/performance.md says what they measure and how long they take.
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks compare --write docs/benchmarks.md
	$(BIN)/python -m benchmarks ledger --write docs/benchmarks.md
	$(BIN)/python -m benchmarks scan-speed --write docs/benchmarks.md

bench-stall: $(VENV)/.dev
	$(BIN)/python -m benchmarks stall --write docs/performance.md

bench-curves: $(VENV)/.bench
	$(BIN)/python -m benchmarks curves --write docs/performance.md

bench-profile: $(VENV)/.bench
	$(BIN)/python -m benchmarks profile --write docs/performance.md

# Copies of the corpora lie in CORPORA, each in a folder of its own; those that are missing are named.
CORPORA ?= corpora
scan-bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks scan --corpora $(CORPORA)

soak: $(VENV)/.dev
	$(BIN)/pytest -m soak tests

# The lists of all paths, algorithms and crypto profiles; the other pages are written by hand, and tests hold them against the code.
docs: $(VENV)/.dev
	$(BIN)/python -m tests.house.documents.api_document
	$(BIN)/python -m tests.house.documents.algorithm_document
	$(BIN)/python -m tests.house.documents.profile_document
	$(BIN)/python -m tests.house.documents.crypto_policy_document
	$(BIN)/python -m tests.house.documents.reference_tables

# Pictures of the console, by Debian's Chromium.
screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.wire.console.screenshots docs

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# To be run after any change of the dependencies in pyproject.toml.
lock: $(VENV)/.dev
	$(PIP) install uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate --no-emit-package cryptoserve-sdk \
	    --custom-compile-command "make lock" pyproject.toml sdk/pyproject.toml --extra crypto-policy --extra scan --group build -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-emit-package cryptoserve-sdk \
	    --custom-compile-command "make lock" --constraint requirements.lock pyproject.toml sdk/pyproject.toml --extra crypto-policy --extra scan --group dev -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-emit-package cryptoserve-sdk \
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
	rm -rf build dist site $(VENV) .venv-* .hypothesis .mypy_cache .pytest_cache .ruff_cache
