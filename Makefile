# Builds, runs and tests Agon; `make help` lists the targets.
#
#   CONFIG   the experiment that `make run` trains
#   STEPS    the number of steps; that of the config if empty
#   THREADS  the number of threads; all cores if empty
#   SWEEP    the sweep that `make sweep` runs
#   JOBS     its concurrent trials; OVERSUBSCRIBE=1 lets jobs times threads exceed the cores, and FAILFAST=1
#            starts no further trials after one has failed
#   TABLE    the table that `make table` makes, and
#   BUDGET   its budget: smoke, quick or full
#   PREFIX   where `make install` puts the program

CONFIG ?= Configs/quickstart.json
STEPS ?=
THREADS ?=
SWEEP ?= Configs/sweeps/smoke.json
JOBS ?=
OVERSUBSCRIBE ?=
FAILFAST ?=
TABLE ?= gas
BUDGET ?= smoke
PREFIX ?= /usr/local
# A Python with PyTorch, only for `make bench`.
PYTHON ?= python3

# Exported, so that the shell never parses their values as code.
export CONFIG SWEEP TABLE PYTHON PREFIX

AGON = .build/release/agon
SWIFT_FILES = $(shell git ls-files '*.swift')
BUILD = swift build --configuration release --product agon
# The kernels in C, whose loops a debug build would not vectorize.
TEST_FLAGS = -Xcc -O2

.DEFAULT_GOAL := help
.PHONY: help setup build install run sweep table tables test reference check long bench format lint clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install the Debian packages that are missing
	@scripts/setup

build: setup ## Build .build/release/agon
	$(BUILD)

install: build ## Install agon under PREFIX, with configs, completions and a manual page
	@scripts/install "$$PREFIX"

run: build ## Train CONFIG (a small GAN on Fashion-MNIST) for STEPS, measure it, and print where its samples are
	$(AGON) run "$$CONFIG" $(if $(STEPS),--steps $(STEPS)) $(if $(THREADS),--threads $(THREADS))
	@echo 'other systems: make run CONFIG=Configs/selfgan/mlp.json STEPS=10000; README.md has a table of them'

sweep: build ## Run trials that are missing, failed or changed in SWEEP, JOBS at a time
	$(AGON) sweep run "$$SWEEP" $(if $(JOBS),--jobs $(JOBS)) $(if $(THREADS),--threads $(THREADS)) \
	  $(if $(OVERSUBSCRIBE),--oversubscribe) $(if $(FAILFAST),--fail-fast)

table: build ## Run the remaining trials of TABLE at BUDGET, and write Results/TABLE-BUDGET
	$(AGON) table "$$TABLE" --budget $(BUDGET) $(if $(JOBS),--jobs $(JOBS)) $(if $(THREADS),--threads $(THREADS))

tables: build ## Make every table at BUDGET
	@tables=$$($(AGON) table --list) || exit $$?; [ -n "$$tables" ] || { echo 'no tables' >&2; exit 1; }; \
	for table in $$tables; do $(AGON) table $$table --budget $(BUDGET) \
	  $(if $(JOBS),--jobs $(JOBS)) $(if $(THREADS),--threads $(THREADS)) || exit $$?; done

test: setup ## Run all tests
	swift build --build-tests $(TEST_FLAGS) --explicit-target-dependency-import-check error
	swift test --skip-build $(TEST_FLAGS)

reference: ## Build the reference of the library, with the build of the tests
	swift package $(TEST_FLAGS) generate-documentation --target Agon --warnings-as-errors

check: ## Run only the tests, before each commit
	swift test $(TEST_FLAGS)

long: setup ## Train each family for up to 200 steps and simulate verdicts, for half an hour or more
	AGON_LONG=1 swift test --configuration release -Xswiftc -enable-testing --filter 'LongTrainingChecks|PowerTableTests'

bench: build ## Measure the configs against PyTorch; PYTHON=python3 names a Python with PyTorch
	Benchmarks/compare --python "$$PYTHON" --agon $(AGON)

format: ## Format all Swift sources, then lint them strictly
	@swift format format --in-place --parallel $(SWIFT_FILES)
	@swift format lint --strict --parallel $(SWIFT_FILES)

lint: ## Fail on Swift sources that `make format` would change or reject
	@swift format lint --strict --parallel $(SWIFT_FILES)

clean: ## Delete build products, but no runs
	rm -rf .build
