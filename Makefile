# Everything a developer does here. `make` alone lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.installed
ARGS ?=
BACKEND ?= local
# One more than there are cores: many tests wait for something real.
WORKERS ?= -n $(shell $(PYTHON) -c "import os; print(min(4, (os.cpu_count() or 1) + 1))") --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help install run stop reset demo test test-fast test-long test-setup check format lint bench lock docs

help: ## List what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(STAMP) ## Make the virtual environment from the hashed lock file
$(STAMP): requirements-dev.txt
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.txt
	@touch $@

run: $(STAMP) ## Start everything on loopback (ARGS=--detach returns when all is ready)
	@$(RUN) -m deploy.local up $(ARGS)

stop: $(STAMP) ## Stop a detached stack
	@$(RUN) -m deploy.local stop

reset: $(STAMP) ## Empty the local state
	@$(RUN) -m deploy.local reset

demo: $(STAMP) ## Play a municipal day through the real doors (stack must be up; ARGS="--speed 60")
	@$(RUN) -m deploy.demo $(ARGS)

test: $(STAMP) check ## Static checks and all tests on the real parts (BACKEND=containers uses testcontainers)
	@KC_TEST_BACKEND=$(BACKEND) $(RUN) -m pytest $(WORKERS) -m "not long" $(ARGS)

test-fast: $(STAMP) check ## What needs no server
	@$(RUN) -m pytest $(WORKERS) -m "not integration and not e2e and not browser and not containers and not long" $(ARGS)

test-long: $(STAMP) ## Soak, fuzz and million-step models (the fuzzer itself only where it has a wheel)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-fuzz.txt || true
	@$(RUN) -m pytest -m long $(ARGS)

PEERS := chromium fonts-dejavu-core dovecot-imapd dovecot-lmtpd postfix swaks clamav-daemon sip-tester kamailio kamailio-utils-modules
QUIET := /usr/sbin/policy-rc.d

test-setup: ## Install the optional peers of the tests (Debian): Chromium, Dovecot, Postfix, swaks, ClamAV, sipp, Kamailio; none of them is started
	@test -e $(QUIET) || { printf '#!/bin/sh\nexit 101\n' >$(QUIET); chmod +x $(QUIET); ours=yes; }; \
	trap 'test -z "$$ours" || rm -f $(QUIET)' EXIT; \
	echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PEERS) >/dev/null

check: lint ## Format, lint, types, import contracts
	@$(RUN) -m mypy shared services deploy tests
	@$(VENV)/bin/lint-imports --no-cache

lint: $(STAMP)
	@$(RUN) -m ruff format --check --quiet .
	@$(RUN) -m ruff check --quiet .

format: $(STAMP) ## Put the code in shape
	@$(RUN) -m ruff format --quiet .
	@$(RUN) -m ruff check --fix --quiet .

bench: $(STAMP) ## Run a benchmark: make bench NAME=throughput ARGS="--seconds 60"
	@$(RUN) -m tests.bench.$(NAME) $(ARGS)

docs: $(STAMP) ## Write docs/api: OpenAPI and AsyncAPI of every service
	@$(RUN) -m tests.contracts.descriptions

lock: $(STAMP) ## Resolve the lock files anew
	@$(VENV)/bin/uv pip compile -q requirements.in --generate-hashes --no-header --no-annotate -o requirements.txt
	@$(VENV)/bin/uv pip compile -q requirements-dev.in --generate-hashes --no-header --no-annotate -o requirements-dev.txt -c requirements.txt
	@$(VENV)/bin/uv pip compile -q requirements-fuzz.in --generate-hashes --no-header --no-annotate -o requirements-fuzz.txt
	@$(VENV)/bin/uv pip compile -q deploy/requirements-assets.in --generate-hashes --no-header --no-annotate -o deploy/requirements-assets.txt -c requirements-dev.txt
