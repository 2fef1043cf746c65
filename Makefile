# Every target makes .venv by itself when it is missing or older than the dependency lists.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: demo test check clean

demo: .venv/installed  ## train, explain, score and draw on built-in scenes; results in out/demo
	$(BIN)/skxai compare --out out/demo --overwrite

test: .venv/installed  ## the whole test suite
	$(BIN)/python -m pytest

check: .venv/installed  ## lint and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.venv/installed: setup.py constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	touch $@

clean:  ## remove what the other targets made
	rm -rf .venv out cache *.egg-info .pytest_cache .ruff_cache
