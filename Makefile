# Everything a person or CI does here. Needs Python >= 3.11 and make, nothing else: no compiler, no prior install.
#
#   make PYTHON=python3.12 test     another interpreter (the environment is made anew)
#   make LOCK=--upgrade lock        newest versions that pyproject.toml allows
#   make TESTS=tests/unit test      a part of the tests

PYTHON ?= python3
TESTS ?=
# Three processes on two cores: half of the time the tests wait for clusters and jobs.
PYTEST_ARGS ?= -n 3 --dist loadfile --no-loadscope-reorder
LOCK ?=

# Certificates are the machine's own, as for git and curl: that is where a company's proxy has put its root.
export UV_SYSTEM_CERTS ?= true

# An environment without compiled bytecode would start every command two to three times slower.
unexport PYTHONDONTWRITEBYTECODE

SHELL := /bin/sh
BIN := .venv/bin
UV := .venv-uv/bin/uv
AWS := .venv-aws/bin/aws
PYSSM := .venv-pyssm/bin/pyssm
MKDOCS := .venv-site/bin/mkdocs

# The interpreter's version is part of the stamp's name: asking for another one makes the environment anew.
VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)
INTERPRETER := .venv/.python-$(VERSION)

INSTALL := $(UV) pip install --quiet --python $(BIN)/python
SYNC := $(UV) pip sync --quiet --require-hashes --only-binary :all:
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header $(LOCK)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint types bench docs screens site faults lock dist clean

help: ## Show what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do printf '  %-7s %s\n' "$$name" "$$text"; done

demo: .venv/.run ## Watch the whole story in the embedded sandbox: two clusters, a training job on each, from a file to gone
	@$(BIN)/hpctl quickstart

test: .venv/.dev $(AWS) $(PYSSM) ## Run all tests; the last line tells how they ended
	@$(BIN)/pytest $(PYTEST_ARGS) $(TESTS)

lint: .venv/.dev ## Check style, imports between rooms, and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --cache-dir .import_linter_cache
	$(BIN)/codespell

types: .venv/.dev ## Check types, strictly
	$(BIN)/mypy

bench: .venv/.dev $(AWS) ## Measure against the AWS CLI and kubectl; fails when a target is missed
	@$(BIN)/python -m tests.benchmarks.bench

docs: .venv/.dev ## Write the generated pages of the reference anew
	$(BIN)/python -m tools.build_docs

screens: .venv/.dev ## Record what a person sees anew into docs/screens/, in a real terminal
	@$(BIN)/python -m tools.record_screens

site: $(MKDOCS) ## Build the documentation as a site into site/, to be read from the disk; a broken link ends it
	@said=$$(NO_MKDOCS_2_WARNING=1 $(MKDOCS) build --strict 2>&1) || { echo "$$said" >&2; exit 1; }
	@echo "site/index.html"

faults: .venv/.dev ## Record anew how every fault of every call ends, and write the page of it
	HPCTL_TEST_RECORD_FAULTS=1 $(BIN)/pytest $(PYTEST_ARGS) --timeout 1800 tests/faults -k the_calls_are_those_that_are_recorded
	$(BIN)/python -m tools.build_docs

dist: .venv/.dev ## Build the source archive and the wheel into dist/
	rm -rf dist
	$(BIN)/hatchling build

lock: $(UV) ## Compile requirements/*.txt from what pyproject.toml and requirements/*.in ask for
	$(COMPILE) requirements/uv.in --output-file requirements/uv.txt
	$(COMPILE) requirements/awscli.in --output-file requirements/awscli.txt
	$(COMPILE) requirements/site.in --output-file requirements/site.txt
	$(subst 3.11,3.12,$(COMPILE)) requirements/pyssm.in --output-file requirements/pyssm.txt
	$(COMPILE) pyproject.toml --extra sandbox --group dev --output-file requirements/dev.txt
	$(COMPILE) pyproject.toml --extra sandbox --group build --constraint requirements/dev.txt \
		--output-file requirements/run.txt

clean: ## Remove every environment, cache and build
	rm -rf .venv .venv-uv .venv-aws .venv-pyssm .venv-site build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# A clear word instead of a syntax error three tools later.
define CHECK_PYTHON
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "error: hpctl needs Python 3.11 or newer; \`$(PYTHON)\` is $(or $(VERSION),not there)" >&2; \
	echo >&2; echo "hint: name another one, for example \`make PYTHON=python3.12 $(or $(MAKECMDGOALS),demo)\`" >&2; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	echo "error: \`$(PYTHON)\` cannot make virtual environments: its \`ensurepip\` module is missing" >&2; \
	echo >&2; echo "hint: on Debian and Ubuntu \`apt-get install python3-venv\`" >&2; exit 1; }
endef

# pip installs uv and nothing else; uv makes and fills the other environments, every file checked by its hash.
$(UV): requirements/uv.txt
	$(CHECK_PYTHON)
	@echo "Setting up: uv"
	@$(PYTHON) -m venv --clear .venv-uv
	@.venv-uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
		--requirement requirements/uv.txt
	@touch $@

$(INTERPRETER): | $(UV)
	$(CHECK_PYTHON)
	@$(UV) venv --quiet --clear --no-project --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	@touch $@

# What the demo needs, and no more. Adds only, so it may follow the whole set.
.venv/.run: requirements/run.txt pyproject.toml $(INTERPRETER) | $(UV)
	@echo "Setting up: hpctl with its sandbox"
	@$(INSTALL) --require-hashes --only-binary :all: --requirement requirements/run.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.txt pyproject.toml $(INTERPRETER) | $(UV)
	@echo "Setting up: hpctl and the tools to work on it"
	@$(SYNC) --python $(BIN)/python requirements/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(AWS): requirements/awscli.txt $(INTERPRETER) | $(UV)
	@echo "Setting up: the AWS CLI, in an environment of its own"
	@$(UV) venv --quiet --clear --no-project --python $(BIN)/python .venv-aws
	@$(SYNC) --python .venv-aws/bin/python requirements/awscli.txt
	@touch $@

.venv-aws: $(AWS)

$(MKDOCS): requirements/site.txt $(INTERPRETER) | $(UV)
	@echo "Setting up: the generator of the documentation's site"
	@$(UV) venv --quiet --clear --no-project --python $(BIN)/python .venv-site
	@$(SYNC) --python .venv-site/bin/python requirements/site.txt
	@touch $@

# The first Python that is new enough for it. Where there is none, the tests with it say so.
$(PYSSM): requirements/pyssm.txt | $(UV)
	@for each in "$(PYTHON)" python3.14 python3.13 python3.12 "$$HOME"/.pyenv/versions/3.1[2-9]*/bin/python3; do \
		if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then \
			echo "Setting up: a second client of Session Manager, in an environment of its own"; \
			$(UV) venv --quiet --clear --no-project --python "$$("$$each" -c 'import sys; print(sys.executable)')" .venv-pyssm && \
			$(SYNC) --python .venv-pyssm/bin/python requirements/pyssm.txt && touch $@; exit; fi; done; \
	echo "Not set up: the second client of Session Manager; it needs Python 3.12 or newer"

.venv-pyssm: $(PYSSM)
