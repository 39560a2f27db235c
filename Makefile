# Everything there is to do here, one word each; `make` alone lists the words.
# Variables: PYTHON (interpreter for .venv), HOST, PORT, COUNTERSIGN_DATA, DATABASE_URL for run and demo;
# TEST_DATABASE_URL (a server to test on), CHROMIUM (a browser to test with), PYTEST_ARGS for the tests.

PYTHON ?= python3
BIN := .venv/bin
FOR_RUN := .venv/.stamp-run
FOR_DEV := .venv/.stamp-dev
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r
ON_MARIADB := tools/with-server mariadb
PYTEST := CHROMIUM="$$(tools/chromium)" $(BIN)/pytest
# What people do at one moment from a gate to a rollback, and what workers do, 200 times each; RACE_ROUNDS says another number.
RACES = RACE_ROUNDS=$(or $(RACE_ROUNDS),200) $(BIN)/pytest -n 2 --timeout=3600 \
	$(addprefix tests/races/test_,signoffs.py policies.py overrides.py mail.py deployments.py rollbacks.py incidents.py duties.py) $(PYTEST_ARGS)
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

# Fault tests kill a server of their own, which a server named by TEST_DATABASE_URL cannot stand in for.
SLOW_TESTS = $$(tools/mariadb available && echo 'browser or (faults and not soak)' || echo 'browser')

.DEFAULT_GOAL := help
.PHONY: help run demo test checks suite unit lint types layers templates docs migrations coverage \
	test-mysql9 races races-mysql9 races-galera soak bench shots lock sbom clean

help: ## list these words
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

run: $(FOR_RUN) ## start Countersign; prints its address and, at first, a one-time setup link
	@exec $(BIN)/python tools/run.py

demo: $(FOR_RUN) ## fill an empty database with a made-up company, then exit
	@exec $(BIN)/python tools/run.py demo

test: $(FOR_DEV) ## prove everything: checks of the code, migrations, and the whole suite on MariaDB
	@tools/install-test-needs
	@$(MAKE) --no-print-directory checks
	@$(ON_MARIADB) $(MAKE) --no-print-directory suite

checks: lint types layers templates

suite: migrations
	@tools/mariadb available || echo 'There is no MariaDB here to kill: the fault tests are left out.'
	@$(PYTEST) -n 2 -m 'not browser and not faults and not soak and not bench' $(PYTEST_ARGS)
	@$(PYTEST) -n 2 --dist loadgroup -m "$(SLOW_TESTS)" $(PYTEST_ARGS)

unit: $(FOR_DEV) ## the rules alone: no database, a second or two
	@$(BIN)/pytest tests/unit $(PYTEST_ARGS)

lint: $(FOR_DEV) ## style, likely mistakes and unsafe calls
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(FOR_DEV) ## types, strictly
	@$(BIN)/mypy

layers: $(FOR_DEV) ## who may import whom
	@$(BIN)/lint-imports

templates: $(FOR_DEV) ## markup of the pages
	@$(BIN)/djlint templates --lint --quiet

docs: $(FOR_DEV) ## the documents say what the code does
	@$(ON_MARIADB) $(BIN)/pytest tests/docs $(PYTEST_ARGS)

migrations: $(FOR_DEV) ## up, down, up again, and the models need no other
	@$(ON_MARIADB) $(BIN)/python tools/check_migrations.py

coverage: $(FOR_DEV) ## which lines and branches the suite reaches, without browser and faults
	@$(ON_MARIADB) $(BIN)/pytest -n 2 --cov --cov-report=term -m 'not browser and not faults and not soak and not bench' $(PYTEST_ARGS)

test-mysql9: $(FOR_DEV) ## the suite, browser left out, on a real MySQL 9 (Debian only)
	@tools/mysql9 install
	@tools/with-server mysql9 $(BIN)/python tools/check_migrations.py
	@tools/with-server mysql9 $(BIN)/pytest -n 2 -m 'not browser and not soak and not bench' $(PYTEST_ARGS)

races: $(FOR_DEV) ## who signs, unticks and deploys at one moment, 200 times each, on MariaDB
	@tools/install-test-needs
	@$(ON_MARIADB) env $(RACES)

races-mysql9: $(FOR_DEV) ## the same on a real MySQL 9 (Debian only)
	@tools/mysql9 install
	@tools/with-server mysql9 env $(RACES)

races-galera: $(FOR_DEV) ## the same across two nodes of a Galera cluster (Debian only)
	@tools/galera install
	@tools/with-server galera env $(RACES) tests/races/test_two_nodes.py

soak: $(FOR_DEV) ## the full dose of faults, up to an hour
	@tools/install-test-needs
	@$(ON_MARIADB) $(BIN)/pytest -m 'faults or soak' --timeout=3600 $(PYTEST_ARGS)

bench: $(FOR_DEV) ## measure; judges nothing
	@tools/install-test-needs
	@SERVER_FAST= $(ON_MARIADB) $(BIN)/pytest $(wildcard bench) tests -m bench -s --timeout=1800 $(PYTEST_ARGS)

shots: $(FOR_DEV) ## pictures of the main pages, into build/shots
	@tools/install-test-needs
	@mkdir -p build/shots
	@COUNTERSIGN_SHOTS=$(CURDIR)/build/shots $(ON_MARIADB) env $(PYTEST) -m browser -k picture $(PYTEST_ARGS)

lock: $(FOR_DEV) ## pin and hash the newest versions that requirements*.in allow
	@$(LOCK) --upgrade requirements.in -o requirements.txt
	@$(LOCK) --upgrade -c requirements.txt requirements-dev.in -o requirements-dev.txt

sbom: $(FOR_DEV) ## what the product ships with, as CycloneDX, into build/
	@mkdir -p build
	@$(BIN)/cyclonedx-py requirements requirements.txt --output-reproducible -o build/sbom.cdx.json
	@echo 'build/sbom.cdx.json'

clean: ## remove what was made here; the data under var/ stays
	@rm -rf .venv build htmlcov test-results .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(FOR_RUN): requirements.txt tools/make-venv
	@tools/make-venv "$(PYTHON)"
	@echo 'Installing what Python needs into .venv.'
	@$(INSTALL) requirements.txt
	@touch $@

$(FOR_DEV): requirements-dev.txt requirements.txt tools/make-venv
	@tools/make-venv "$(PYTHON)"
	@echo 'Installing what Python needs into .venv.'
	@$(INSTALL) requirements-dev.txt
	@touch $(FOR_RUN) $@
