# Two commands do everything on a fresh machine: `make demo` and `make test`.
# `make help` lists the rest.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PARTS := .parts
PYTHON := $(shell for p in python3.13 python3.12 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && { echo $$p; break; }; done)

INSTALL := pip install -q --disable-pip-version-check --require-hashes -r

.DEFAULT_GOAL := help
.PHONY: help demo demo-dongle test check lint types imports js unit slow stack test-stack parts containers bench bench-savings bench-ingest bench-forecasts bench-dongle requirements images clean firmware

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/run  ## a simulated house on http://127.0.0.1:8000 (ARGS="--octopus C" for real prices)
	$(BIN)/battery-optimizer demo $(ARGS)

demo-dongle: $(VENV)/dev  ## the same house read and driven by the dongle's real firmware on a simulated inverter
	$(BIN)/python -m tests.esphome.firmware
	$(BIN)/python -m tests.esphome.demo $(ARGS)

CHECKS := unit types imports lint js

test: $(VENV)/dev  ## everything, against the real parts
	@$(MAKE) --no-print-directory -j3 parts $(CHECKS)
	@$(MAKE) --no-print-directory slow stack

check: $(VENV)/dev  ## lint, types, import contracts, unit tests: about a minute, offline
	@$(MAKE) --no-print-directory -j2 $(CHECKS)

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

imports: $(VENV)/dev
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

js:
	@if command -v node >/dev/null; then node --test --test-reporter=dot tests/page/*.test.mjs; \
	elif [ -n "$$STACK_REQUIRED" ]; then echo "node is missing"; exit 1; else echo "node is missing: the JavaScript tests are skipped"; fi

unit: $(VENV)/dev
	$(BIN)/pytest -q -n 2 -m "not slow and not stack and not soak and not container"

slow: $(VENV)/dev  ## long exact comparisons
	$(BIN)/pytest -q -n 2 --dist worksteal -m "slow and not stack and not soak"

stack: $(VENV)/dev parts  ## tests against real servers and a browser
	$(BIN)/python -m tests.stack.once_more -q -n 2 --dist loadfile -m stack

parts: $(VENV)/dev  ## install the real parts the stack tests use (Debian/Ubuntu)
	@bash tests/stack/install.sh $(abspath $(BIN))

firmware: $(VENV)/dev  ## check every firmware product and board, generate ESP32 C++, build and run the Linux product
	$(BIN)/python -m tests.esphome.firmware
	STACK_REQUIRED=1 $(BIN)/pytest -q -m "slow or stack or soak" tests/esphome

containers: $(VENV)/dev  ## build and run image and compose file on a private Docker Engine (Debian, root)
	$(BIN)/pytest -q -s -m container tests/stack

test-stack: stack  ## the same by its longer name

bench: $(VENV)/dev  ## speed and memory against the budgets
	$(BIN)/python -m tests.bench

bench-savings: $(VENV)/dev  ## what deciding well is worth on a real year (ARGS="--windows": 12 x 4 days in minutes, against the release)
	$(BIN)/python -m tests.bench.bench_savings $(ARGS)

bench-forecasts: $(VENV)/dev  ## forecasts beside simple ones, and whether their intervals hold (ARGS="--coverage" for these)
	$(BIN)/python -m tests.bench.bench_forecasts $(ARGS)

bench-ingest: $(VENV)/dev  ## 1 000 messages/s for ten minutes on real parts, parts killed (ARGS="--seconds 60" to try)
	$(BIN)/python -m tests.bench.bench_ingest --kill 120 --highest 60000 $(ARGS)

bench-dongle: $(VENV)/dev  ## readings into the database and orders into the register, by real firmware on damaged wires; seven minutes
	$(BIN)/python -m tests.esphome.firmware
	$(BIN)/python -m tests.bench.bench_dongle $(ARGS)

COMPILE := $(PARTS)/uv/bin/uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links

requirements:  ## compile pins and hashes from pyproject.toml (ARGS=--upgrade for newer ones)
	test -x $(PARTS)/uv/bin/uv || { $(PYTHON) -m venv $(PARTS)/uv && $(PARTS)/uv/bin/$(INSTALL) .github/supply.txt; }
	$(COMPILE) $(ARGS) pyproject.toml -o backend/requirements.txt
	$(COMPILE) $(ARGS) --extra dev -c backend/requirements.txt pyproject.toml -o tests/requirements.txt
	$(COMPILE) $(ARGS) --no-annotate .github/supply.in -o .github/supply.txt
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
		| $(COMPILE) $(ARGS) --no-annotate - -o backend/build.txt

images:  ## write into Dockerfiles and compose file which base images exactly they start from (needs Docker and its registry)
	$(PYTHON) backend/pin_images.py $(ARGS)

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.12 or newer is needed; install it and run make again"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: backend/requirements.txt backend/build.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/$(INSTALL) backend/requirements.txt
	$(BIN)/$(INSTALL) backend/build.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev: tests/requirements.txt $(VENV)/run
	$(BIN)/$(INSTALL) tests/requirements.txt
	touch $@

clean:  ## remove everything that was built or installed here
	rm -rf $(VENV) $(PARTS) .demo *.egg-info backend/*.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
