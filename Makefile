# Onehall: everything a newcomer or a build machine needs. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PORT ?= 8000
DIR ?= .demo
HOST ?= 127.0.0.1
ROUNDS ?= 5
BIN := .venv/bin
# What is imported is compiled once: a demo and a test run start many processes of the same modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo demo-reset test fuzz check fix bench docs messages

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.venv/.ready: pyproject.toml uv.lock tools/bootstrap
	@tools/bootstrap
	@touch $@

demo: .venv/.ready ## Run a made-up city here (PORT=8000 DIR=.demo HOST=127.0.0.1)
	@exec $(BIN)/onehall demo --port $(PORT) --host $(HOST) --dir $(DIR)

demo-reset: .venv/.ready ## The same, with the demo's data thrown away first
	@exec $(BIN)/onehall demo --port $(PORT) --host $(HOST) --dir $(DIR) --reset

test: .venv/.ready ## Everything: checks, tests on two servers, browser tests
	@tools/run-tests

fuzz: .venv/.ready ## Try what must hold for any input on new random inputs (ROUNDS=5)
	@for round in $$(seq $(ROUNDS)); do $(BIN)/pytest -n $${WORKERS:-2} -q -m hypothesis </dev/null; done

check: .venv/.ready ## Format, lint, types, room order, migrations, templates
	@tools/run-checks

fix: .venv/.ready ## Format and repair what can be repaired
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/.ready ## Measure (SHARED=folder of shared data, for imports; see bench/)
	@$(BIN)/python -m bench $(if $(SHARED),--shared $(SHARED))

docs: .venv/.ready ## Check the documents, and make their pictures anew (needs Chromium)
	@$(BIN)/pytest -q tests/docs
	@$(BIN)/python -m tools.screenshots

messages: .venv/.ready ## Gather the words of the pages for translators (needs GNU gettext)
	@tools/messages
