# Needs Python 3.11 or newer, make, and a package index; everything else goes into .venv, once.
# `make` alone lists the commands. Another interpreter: make PYTHON=python3.13 test

VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready
ARGS  ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo dev test lint bench chaos capabilities lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{ printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## three escalations on the embedded stack, from opening to review
	@$(BIN)/python -m starter.demo $(ARGS)

dev: $(READY) ## the embedded stack in the foreground, data kept between runs
	@$(BIN)/escalate dev $(ARGS)

# Three at once, also on two cores: half the time tests wait for a server of their own. One by one: make test ARGS="-n 0".
# Where the environment forbids Python to keep what it compiled, each of the suite's many processes compiles all of it anew.
test: export PYTHONDONTWRITEBYTECODE =
test: $(READY) ## every test
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

lint: $(READY) ## style, types, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports

bench: $(READY) ## the figures, each with its floor measured in the same run
	@$(BIN)/python -m benchmarks $(ARGS)

chaos: $(READY) ## the long runs: repeated kills, thousands of races
	@$(BIN)/python -m pytest -m chaos --timeout=0 $(ARGS)

capabilities: $(READY) ## write docs/capabilities.md anew from the tests' marks
	@$(BIN)/python tools/capabilities.py

# Keeps the versions it finds in the lock; for newer ones: make lock ARGS=--upgrade
lock: export UV_CUSTOM_COMPILE_COMMAND = make lock
lock: $(READY) ## write the locks anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --all-extras $(LOCK_FLAGS) $(ARGS) --output-file requirements.lock
	@echo hatchling | $(BIN)/uv pip compile pyproject.toml - --extra worker --constraints requirements.lock \
		$(LOCK_FLAGS) --output-file deploy/worker.lock

LOCK_FLAGS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --quiet

setup: $(READY) ## only install
	@:

clean: ## remove what these commands installed and cached; data of `make dev` stays
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml tools/setup.py
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			exec "$$python" tools/setup.py $(VENV) $(READY); \
		fi; \
	done; \
	echo 'No Python 3.11 or newer found. Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)' >&2; \
	exit 1
