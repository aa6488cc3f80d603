PYTHON ?= python3

# The value of a variable as it was given, with whatever characters it has; the default where it is empty or missing.
given = $(if $(value $(1)),$(value $(1)),$(2))

VENV := .venv
BIN := $(VENV)/bin

.PHONY: help sim test bench renode setup format clean

help:
	@echo "make sim BENCH=kws    simulate a benchmark and write a submission tree; also BOARD=, MODE=, ENGINE=,"
	@echo "                      TOOLCHAIN=, OUT=, JSON=, DATA=, MODEL= (.venv/bin/tinysim sim --help)"
	@echo "make test             lint, then every test"
	@echo "make bench            the project's own speed and accuracy figures"
	@echo "make renode           install Renode and pyrenode3"

$(VENV)/.installed: pyproject.toml
	@if ! test -x $(BIN)/pip; then \
		echo "creating the virtual environment $(VENV) ..." >&2; \
		$(PYTHON) -m venv $(VENV) || { \
			echo "make: $(PYTHON) cannot make a virtual environment: install its venv (Debian: apt install python3-venv)" >&2; \
			exit 1; }; \
	fi
	@echo "installing tinysim and what it needs into $(VENV) ..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "installing what the tests need into $(VENV) ..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

setup: $(VENV)/.installed

# Passed by the environment and quoted by the shell, so that blanks, quotes and dollars are characters like others.
# Variables of the command line would be exported, too, and make would carry out what looks like its own functions.
unexport BENCH BOARD MODE ENGINE TOOLCHAIN OUT JSON DATA MODEL
sim: export SIM_BENCH := $(call given,BENCH,kws)
sim: export SIM_BOARD := $(call given,BOARD,nucleo_l4r5zi)
sim: export SIM_MODE := $(call given,MODE,all)
sim: export SIM_ENGINE := $(call given,ENGINE,auto)
sim: export SIM_TOOLCHAIN := $(call given,TOOLCHAIN,zig)
sim: export SIM_OUT := $(call given,OUT,build/submission)
sim: export SIM_JSON := $(call given,JSON,)
sim: export SIM_DATA := $(call given,DATA,)
sim: export SIM_MODEL := $(call given,MODEL,)
sim: $(VENV)/.installed
	@$(BIN)/tinysim sim "--board=$$SIM_BOARD" "--mode=$$SIM_MODE" "--engine=$$SIM_ENGINE" \
		"--toolchain=$$SIM_TOOLCHAIN" "--out=$$SIM_OUT" $${SIM_JSON:+"--json=$$SIM_JSON"} \
		$${SIM_DATA:+"--data=$$SIM_DATA"} $${SIM_MODEL:+"--model=$$SIM_MODEL"} -- "$$SIM_BENCH"

test: $(VENV)/.installed-dev
	@$(BIN)/python tests/run.py

bench: $(VENV)/.installed-dev
	@$(BIN)/python -m tinysim.bench

renode: $(VENV)/.installed
	@$(BIN)/python -m tinysim.engines.renode

format: $(VENV)/.installed-dev
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .
	@find firmware tests tinysim -name '*.[ch]' -exec $(BIN)/clang-format -i {} +

clean:
	rm -rf build
