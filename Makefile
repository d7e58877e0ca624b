.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

help: ## what can be done here
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.venv/installed: requirements.lock pyproject.toml
	@echo "Setting up in .venv (once; about a minute)"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --progress-bar on --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

setup: .venv/installed ## install everything, pinned, into .venv (the other targets do this by themselves)

test: setup ## every test, in random order
	$(BIN)/pytest

.PHONY: help setup test
