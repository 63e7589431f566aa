# What people type. Each target installs what it needs and may be run at any time.
.DEFAULT_GOAL := help
SHELL := /bin/bash
JOBS ?= $(shell nproc)

help: ## Say what there is to make.
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: ## Install, build, start Kafka (NODES=1 or 3) and soglia, say what to try.
	@scripts/install-packages.sh build run
	@SOGLIA_LOCAL_NODES=$(NODES) scripts/up.sh

down: ## Stop soglia, the mail catcher and Kafka; the data stay.
	@scripts/down.sh

compose-up: ## The same in containers behind TLS (PROFILE=monitoring adds Prometheus and Grafana); needs a Docker engine.
	@scripts/compose.sh up "$(PROFILE)"

compose-down: ## Stop the containers; the data stay.
	@scripts/compose.sh down

compose-test: ## Test the containers for real (NODES=1 or 3): kcat, HTTPS, a kill of each; needs a Docker engine, or root to start one.
	@scripts/install-packages.sh run
	@scripts/compose-test.sh $(NODES)

status: ## Say what runs.
	@scripts/status.sh

build: ## Build the program: build/soglia.
	@scripts/install-packages.sh build
	@scripts/build.sh

test: ## Run every test: formatting, tidy, two compilers, sanitizers, fuzz corpora, real Kafka, a real browser.
	@scripts/install-packages.sh build run test
	@scripts/test.sh

test-unit: ## Run the unit and replay tests alone, under ASan and UBSan.
	@scripts/install-packages.sh build test
	@cmake --workflow --preset dev

fault: ## Kill, cut, starve and flood it on a real Kafka; say what was lost, doubled, reordered (SEED=n KILLS=n).
	@scripts/install-packages.sh build run test
	@scripts/build.sh
	@{ cmake --preset gcc && cmake --build --preset gcc --target soglia failing_disk; } >build/fault-build.log 2>&1 || { cat build/fault-build.log; exit 1; }
	@"$$(scripts/test-env.sh)/bin/python" tests/fault/run.py --seed "$(SEED)" --kills "$(KILLS)"

bench: ## Measure speed, latency, recovery and memory beside the peers. QUOTES=, RUNS=, ONLY=... make it short.
	@scripts/install-packages.sh build run bench
	@scripts/build.sh
	@SOGLIA_BENCH_QUOTES="$(QUOTES)" SOGLIA_BENCH_RUNS="$(RUNS)" SOGLIA_BENCH_SEED="$(SEED)" SOGLIA_BENCH_ONLY="$(ONLY)" \
		SOGLIA_BENCH_SUBSCRIPTIONS="$(SUBSCRIPTIONS)" SOGLIA_BENCH_SECONDS="$(SECONDS)" SOGLIA_BENCH_THRESHOLDS="$(THRESHOLDS)" \
		SOGLIA_BENCH_PARTITIONS="$(PARTITIONS)" SOGLIA_BENCH_RATE="$(RATE)" \
		"$$(scripts/test-env.sh)/bin/python" bench/bench.py

fmt: ## Format every C source.
	@scripts/install-packages.sh test
	@git ls-files '*.c' '*.h' | xargs clang-format -i --style=file

lint: ## Check formatting and the house rules; `make test` runs clang-tidy.
	@scripts/install-packages.sh build test
	@scripts/lint.sh

coverage: ## Run the unit and replay tests and print line coverage.
	@scripts/install-packages.sh build test
	@scripts/coverage.sh

docs: ## Write the pages that are made from tables in the code: settings, metrics, topics.
	@$(MAKE) --no-print-directory build
	@build/soglia settings --markdown > docs/settings.md
	@build/soglia metrics --markdown > docs/metrics.md
	@build/soglia topics page > docs/topics.md

clean: ## Remove what was built.
	@rm -rf build

.PHONY: help up down compose-up compose-down compose-test status build test test-unit fault bench fmt lint coverage docs clean
