# Two commands for a newcomer: `make demo` answers a question, `make test` passes the tests.
# Both make the virtual environment and install what they need. README.md has the plain commands.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
BENCH_VENV ?= benchmarks/.venv
TESTS_AT_ONCE ?= 2
CETERIS_DATA ?= $(wildcard ../shared/data)

.PHONY: demo test faults lint format clean bench

demo: $(VENV)/.installed
	$(BIN)/ceteris run digits-optimizers

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n $(TESTS_AT_ONCE) --dist loadfile

# Every fault of docs/faults.md, some minutes; `make test` injects a sample.
faults: $(VENV)/.installed-test
	$(BIN)/python -m tests.faults.campaign

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Peers and Ceteris at the same work: benchmarks/README.md. BENCH takes the harness's options.
bench: $(VENV)/.installed $(BENCH_VENV)/.installed-bench
	$(if $(CETERIS_DATA),CETERIS_DATA="$(CETERIS_DATA)") $(BIN)/python -m benchmarks.bench \
		--peer-python $(BENCH_VENV)/bin/python $(BENCH)

clean:
	rm -rf $(VENV) benchmarks/.venv benchmarks/.cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,lint]"
	touch $(VENV)/.installed $@

$(BENCH_VENV)/.installed-bench: benchmarks/requirements.txt benchmarks/constraints.txt
	test -x $(BENCH_VENV)/bin/python || $(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		-c benchmarks/constraints.txt -r benchmarks/requirements.txt
	touch $@
