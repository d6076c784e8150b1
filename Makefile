# Everything is set up in .venv, from files with hashes. `make` alone lists what there is.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo packages test quick lint fix docs chaos contend cuts bench bench-verdict bench-sharing lock clean

help:
	@echo "make demo    set up, and run a whole hotfix on this machine"
	@echo "make test    set up, and run all tests"
	@echo "make packages as root on Debian: the servers that the tests run"
	@echo "make quick   the fast part of the tests"
	@echo "make lint    ruff, mypy, import-linter"
	@echo "make fix     let ruff mend and format"
	@echo "make docs    write the reference of settings and their schema anew"
	@echo "make chaos   hundreds of kills at every point of a run, and what comes of it"
	@echo "make contend several at once for one environment, hundreds of times, over each transport"
	@echo "make cuts    the network cut at every push of a run, over each transport, and what comes of it"
	@echo "make bench   what the runner itself costs"
	@echo "make bench-verdict  the verdict beside other tools' rules, and its targets (some minutes)"
	@echo "make bench-sharing  what a lock and a journal on the git remote cost"
	@echo "make lock    lock the dependencies anew"

# What the program needs, and no more.
.venv/run: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@# The build backend looks for its own program on the PATH.
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What its developers need on top of it.
.venv/dev: .venv/run requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

demo: .venv/run
	@$(BIN)/hotfix-deploy-runner demo $(ARGS)

packages:
	@.ci/packages

test: .venv/dev packages
	@# Three at a time on two cores: much of a whole run is waiting.
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

quick: .venv/dev
	$(BIN)/python -m pytest -n 2 -m "not slow" $(ARGS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/dev
	$(BIN)/python docs/make_reference.py

chaos: .venv/dev
	$(BIN)/python -m tests.chaos $(ARGS)

contend: .venv/dev packages
	$(BIN)/python -m tests.contend $(ARGS)

cuts: .venv/dev packages
	$(BIN)/python -m tests.cuts $(ARGS)

bench: .venv/dev
	$(BIN)/python -m bench.overhead $(ARGS)
	$(BIN)/python -m bench.start_up $(ARGS)

bench-verdict: .venv/dev
	$(BIN)/python -m bench.verdict $(ARGS)

bench-sharing: .venv/dev packages
	$(BIN)/python -m bench.sharing $(ARGS)

lock: .venv/dev
	$(BIN)/uv pip compile --quiet --universal --no-annotate --no-header --generate-hashes --extra scanners --group build pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --no-annotate --no-header --generate-hashes --extra scanners --extra slack --extra notify --extra postgres --group build --group dev pyproject.toml -o requirements-dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
