PYTHON ?= python3
BENCH ?= kws
BOARD ?= nucleo_l4r5zi
MODE ?= all
ENGINE ?= auto
OUT ?= build/submission
JSON ?=
TOOLCHAIN ?= zig

VENV := .venv
BIN := $(VENV)/bin

.PHONY: help sim test bench renode setup format clean

help:
	@echo "make sim BENCH=kws    simulate a benchmark and write a submission tree"
	@echo "make test             lint, then every test"
	@echo "make bench            the project's own speed and accuracy figures"
	@echo "make renode           install Renode and pyrenode3"

$(VENV)/.installed: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

setup: $(VENV)/.installed

sim: $(VENV)/.installed
	@$(BIN)/tinysim sim $(BENCH) --board $(BOARD) --mode $(MODE) --engine $(ENGINE) --toolchain $(TOOLCHAIN) \
		--out $(OUT) $(if $(JSON),--json $(JSON))

test: $(VENV)/.installed-dev
	@$(BIN)/python tests/run.py

bench: $(VENV)/.installed-dev
	@$(BIN)/python -m tinysim.bench

renode: $(VENV)/.installed
	@$(BIN)/python -m tinysim.engines.renode_install

format: $(VENV)/.installed-dev
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .
	@git ls-files '*.c' '*.h' | xargs $(BIN)/clang-format -i

clean:
	rm -rf build
