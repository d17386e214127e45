# Everything a newcomer, a developer and CI run. `make help` lists the targets.

PYTHON ?= python3
PORT ?= 8000
BENCH_PORT ?= 2526
BENCH_PICKY_PORT ?= 2527
BENCH_DATABASE ?= postgres://postgres@127.0.0.1:5432/postgres
DIR ?= ../shared/data/eval
BIN := .venv/bin
# Many tests wait for other processes: two for each core, and whoever is done takes over from the others.
WORKERS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist worksteal
# Tools that only read the code need the settings to import, not to be anyone's.
NEUTRAL := SECRET_KEY=not-a-secret ENV_FILE=/dev/null

# Where nothing compiled may be kept, each of the tests' processes compiles all of them anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-long check lint security sbom types imports migrations deploy test-postgres format bench chaos eval inbox test-feeds image-like demo-real lock clean system-deps hooks

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: .venv/.installed .env ## Start everything at http://127.0.0.1:8000 (PORT=...), sample content included; Ctrl-C stops it
	@$(BIN)/python manage.py run --port $(PORT)

test: .venv/.installed-dev ## Run the tests but the long ones; says what it skipped and why
	$(PYTEST) -m "not long"

test-long: .venv/.installed-dev ## Run the tests of whole installations, of killed workers, of benchmarks
	$(PYTEST) -m "long and not image"

check: lint security types imports migrations deploy ## All that CI runs: every real service is required
	PAPERBOY_REQUIRE_SERVICES=1 $(MAKE) --no-print-directory test
	@# Side by side: the long ones wait for other processes most of the time.
	PAPERBOY_REQUIRE_SERVICES=1 $(MAKE) --no-print-directory -j 2 --output-sync=target test-long test-postgres

lint: .venv/.installed-dev ## Ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

security: .venv/.installed-dev ## bandit: what is dangerous by itself, of medium severity and more
	$(BIN)/bandit -q -c pyproject.toml -ll -r config digest subscriptions manage.py

sbom: .venv/.installed-dev ## What the image is made of: var/sbom.json, in CycloneDX
	@mkdir -p var; $(BIN)/python .ci/sbom > var/sbom.json; echo "Wrote var/sbom.json"

types: .venv/.installed-dev ## mypy, strict
	$(NEUTRAL) $(BIN)/mypy

imports: .venv/.installed-dev ## The import rules of docs/architecture.md
	$(NEUTRAL) $(BIN)/lint-imports

migrations: .venv/.installed-dev ## Every model change has its migration
	$(NEUTRAL) $(BIN)/python manage.py makemigrations --check --dry-run

deploy: .venv/.installed-dev ## Django's deployment checks, on the settings a production site would have
	@static="$$(mktemp -d)"; trap 'rm -rf "$$static"' EXIT; \
	manage() { env -i PATH="$$PATH" HOME="$$HOME" ENV_FILE=docs/production.env STATIC_ROOT="$$static" $(BIN)/python manage.py "$$@"; }; \
	manage collectstatic --noinput --verbosity 0 && manage check --deploy --fail-level WARNING

test-postgres: .venv/.installed-dev ## Run the tests that touch the database once more, on PostgreSQL
	TEST_DATABASE=postgres $(PYTEST) -m "not long and not browser"

format: .venv/.installed-dev ## Format the code and sort the imports
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/.installed-dev ## Delivery speed: smtp-sink beside the usual ways, a server that puts off and refuses, no server at all
	@PATH="$$PATH:/usr/sbin"; mkdir -p var; rm -f var/bench.json; \
	command -v smtp-sink > /dev/null || { echo "smtp-sink is not installed: make system-deps" >&2; exit 1; }; \
	test "$$(id -u)" != 0 || user="-u root"; \
	run="env $(NEUTRAL) DATABASE_URL=$(BENCH_DATABASE) LOG_LEVEL=ERROR $(BIN)/python manage.py bench_delivery"; \
	smtp-sink $$user 127.0.0.1:$(BENCH_PORT) 100 & sink=$$!; \
	$(BIN)/python -m digest.management.sink --port $(BENCH_PICKY_PORT) --defer-every 20 --refuse-every 30 > /dev/null & picky=$$!; \
	trap 'kill $$sink $$picky' EXIT; sleep 1; \
	echo "To smtp-sink" && $$run --port $(BENCH_PORT) | tee var/bench.txt && \
	echo "To a server that puts off and refuses" && $$run --port $(BENCH_PICKY_PORT) --plain 0 && \
	echo "To nobody" && $$run --transport null && \
	tail -n 1 var/bench.txt > var/bench.json

eval: .venv/.installed-dev ## How well the ranking finds what people wanted, on a recording (DIR=...)
	@mkdir -p var; rm -f var/eval.json; $(NEUTRAL) $(BIN)/python manage.py eval_ranking "$(DIR)" > var/eval.txt || exit 1; \
	cat var/eval.txt; tail -n 1 var/eval.txt > var/eval.json

chaos: .venv/.installed-dev ## Mistreat real workers, PostgreSQL, Redis and a mail server; audit that no mail is lost or doubled (10 minutes)
	@$(NEUTRAL) $(BIN)/python -m tests.chaos --json var/chaos.json

inbox: .venv/.installed-dev ## Judge every sample mail as a mailbox would: headers, parts, HTML, SpamAssassin
	@$(NEUTRAL) $(BIN)/python -m tests.inbox

test-feeds: .venv/.installed-dev ## Visit 16,200 hostile feeds and a family of slow ones, on PostgreSQL; audit what is stored (10 minutes)
	@$(NEUTRAL) $(BIN)/python -m tests.feeds --json var/test-feeds.json

image-like: .venv/.installed-dev ## What the image and the systemd units start, by hand, behind Caddy: probed, stopped, restored (2 minutes)
	PAPERBOY_REQUIRE_SERVICES=1 $(BIN)/pytest tests/image --show-capture=no

demo-real: .venv/.installed-dev ## The whole story on real feeds: ingest, sign up, send, receive, unsubscribe
	$(BIN)/pytest tests/test_pipeline.py -s

lock: .venv/.installed-dev ## Pin the dependencies of the .in files anew, with hashes
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --python-version 3.11 requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --python-version 3.11 requirements-dev.in -o requirements-dev.txt

hooks: .venv/.installed-dev ## Check every commit before it is made (pre-commit)
	$(BIN)/pre-commit install

system-deps: ## Install what the tests use besides Python (Debian, Ubuntu): PostgreSQL, Redis, Chromium, smtp-sink, SpamAssassin, Caddy
	@.ci/system-deps

clean: ## Remove the environment and the caches; var/ (the database) and .env stay
	rm -rf .venv staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Paperboy needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version 2>&1); try make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Creating .venv"
	@$(PYTHON) -m venv .venv

# The stamps make a start that finds nothing changed cost nothing. requirements-dev.txt holds all of requirements.txt.
.venv/.installed: requirements.txt | .venv/bin/python
	@echo "Installing $<"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.installed-dev: requirements-dev.txt | .venv/bin/python
	@echo "Installing $<"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@ .venv/.installed

# Written once, readable by its owner alone, and never overwritten.
.env:
	@umask 077 && key() { $(BIN)/python -c "import secrets; print(secrets.token_urlsafe(50))"; } && \
		sed -e "s|^SECRET_KEY=.*|SECRET_KEY=$$(key)|" -e "s|^SUPPRESSION_KEY=.*|SUPPRESSION_KEY=$$(key)|" \
		-e "s|^DEBUG=.*|DEBUG=true|" .env.example > .env.partial && mv .env.partial .env
	@echo "Wrote .env with new keys"
