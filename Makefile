# The whole of Agon's building and running; `make help` lists it.
#
#   CONFIG   the experiment that `make run` trains
#   STEPS    for how many steps
#   THREADS  on how many threads; all cores if empty
#   SWEEP    the sweep that `make sweep` runs
#   JOBS     how many of its trials at a time; OVERSUBSCRIBE=1 lets jobs times threads exceed the cores, and FAILFAST=1
#            starts no further trial once one has failed
#   TABLE    the table that `make table` makes, and
#   BUDGET   how much is run for it: smoke, quick or full

CONFIG ?= Configs/selfgan/mlp.json
STEPS ?= 10000
THREADS ?=
SWEEP ?= Configs/sweeps/smoke.json
JOBS ?=
OVERSUBSCRIBE ?=
FAILFAST ?=
TABLE ?= gas
BUDGET ?= smoke
# A Python with PyTorch, for `make bench` alone.
PYTHON ?= python3

AGON = .build/release/agon
SWIFT_FILES = $(shell git ls-files '*.swift')
BUILD = swift build --configuration release --product agon

.DEFAULT_GOAL := help
.PHONY: help setup build run sweep table tables test check long bench format lint clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install the Debian packages that are missing
	@scripts/setup

build: setup ## Build .build/release/agon
	$(BUILD)

run: build ## Train CONFIG (SelfGAN on Fashion-MNIST) for STEPS and say where the pictures are
	$(AGON) run "$(CONFIG)" --steps $(STEPS) $(if $(THREADS),--threads $(THREADS))

sweep: build ## Run what is missing, failed or changed in SWEEP, JOBS trials at a time
	$(AGON) sweep run "$(SWEEP)" $(if $(JOBS),--jobs $(JOBS)) $(if $(THREADS),--threads $(THREADS)) \
	  $(if $(OVERSUBSCRIBE),--oversubscribe) $(if $(FAILFAST),--fail-fast)

table: build ## Run what TABLE still needs at BUDGET, and write Results/TABLE-BUDGET
	$(AGON) table "$(TABLE)" --budget $(BUDGET) $(if $(JOBS),--jobs $(JOBS)) $(if $(THREADS),--threads $(THREADS))

tables: build ## Every table at BUDGET
	@for table in $$($(AGON) table --list); do $(AGON) table $$table --budget $(BUDGET) \
	  $(if $(JOBS),--jobs $(JOBS)) $(if $(THREADS),--threads $(THREADS)) || exit $$?; done

test: setup ## Run all tests
	swift build --build-tests
	swift test --skip-build

check: ## The tests alone, for use before each commit
	swift test

long: setup ## Trainings of 200 steps of each family, which take minutes
	AGON_LONG=1 swift test --configuration release -Xswiftc -enable-testing --filter LongTrainingChecks

bench: build ## Measure the configs against PyTorch; PYTHON=python3 names a Python that has it
	Benchmarks/compare --python $(PYTHON) --agon $(AGON)

format: ## Format all Swift sources, then lint them strictly
	swift format format --in-place --parallel $(SWIFT_FILES)
	swift format lint --strict --parallel $(SWIFT_FILES)

lint: ## Fail on Swift sources that `make format` would change or complain of
	swift format lint --strict --parallel $(SWIFT_FILES)

clean: ## Delete what was built; runs stay
	rm -rf .build
