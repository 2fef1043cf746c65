# Every target makes its environment by itself when it is missing or older than the dependency lists. Another Python,
# as in `PYTHON=python3.12 make test`, has environments of its own.
PYTHON ?= python3.11
VENV := .venv$(if $(filter-out python3.11,$(PYTHON)),-$(notdir $(PYTHON)))
BIN := $(VENV)/bin
INSTALL := -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-lowest test-newest check house docstrings mutants bench agreement package browser clean

demo: $(VENV)/installed  ## train, explain, score and draw on built-in scenes; results in out/demo, and as one page
	$(BIN)/skxai compare --html --out out/demo --overwrite

test: $(VENV)/installed  ## the whole test suite
	$(BIN)/python -m pytest

# Old packages may warn of what newer ones do away with: warnings are no errors there. PINNED names packages that have the
# version of constraints.txt instead, as .ci/run does with torch: an old one comes with 2.5 GB of CUDA.
LOWEST := $(VENV)-lowest$(if $(PINNED),-pinned)
test-lowest: $(LOWEST)/installed  ## the suite on the lowest versions that setup.py allows; ARGS="tests/test_flow.py" narrows it
	$(LOWEST)/bin/python -m pytest -o filterwarnings=default $(ARGS)

test-newest:  ## the suite on the newest versions that the package index has, looked up each time; ARGS as above
	$(PYTHON) -m venv $(VENV)-newest
	$(VENV)-newest/bin/python $(INSTALL) --upgrade --upgrade-strategy eager -e ".[test]"
	$(VENV)-newest/bin/python -m pytest $(ARGS)

check: $(VENV)/installed  ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy

house: $(VENV)/installed  ## the packages and who imports whom
	$(BIN)/python -m tools.house

docstrings: $(VENV)/installed  ## write the shared text about parameters into the docstrings
	$(BIN)/python -m tools.shared_docstrings

mutants: $(VENV)/installed  ## change one thing at a time, and see whether a test notices; ARGS="--only 'metrics/*'" narrows it
	$(BIN)/python -m tools.mutants $(ARGS)

bench: export BENCH_COMMAND = make bench$(if $(ARGS), ARGS="$(ARGS)")
bench: $(VENV)/peers  ## time everything beside the peers (35 to 55 minutes); ARGS="-k score_cam" narrows it
	mkdir -p out/bench
	$(BIN)/python -m pytest benchmarks -n 0 --benchmark-quiet --benchmark-json=out/bench/results.json $(ARGS)

agreement: $(VENV)/installed  ## how far skxai is from its oracles and from the peers, as docs/agreement.md
	$(BIN)/python -m pytest tests/reference tests/peers -n 0 --agreement docs/agreement.md

package:  ## build the sdist and the wheel, and check them: dist
	rm -rf dist build
	$(PYTHON) -m venv $(VENV)-package
	$(VENV)-package/bin/python $(INSTALL) build twine
	$(VENV)-package/bin/python -m build
	$(VENV)-package/bin/python -m twine check --strict dist/*
	$(VENV)-package/bin/python -m tools.package dist

$(VENV)/installed: setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) -c constraints.txt -e ".[test]"
	touch $@

$(LOWEST)/installed: setup.py constraints.txt tools/bounds.py
	rm -rf $(LOWEST)
	$(PYTHON) -m venv $(LOWEST)
	$(PYTHON) -m tools.bounds $(PINNED) > $(LOWEST)/constraints.txt
	$(LOWEST)/bin/python $(INSTALL) --no-compile -c $(LOWEST)/constraints.txt -e ".[captum]" pytest pytest-xdist hypothesis
	touch $@

# The peers change no version of what is there already: constraints.txt pins them all.
$(VENV)/peers: $(VENV)/installed
	$(BIN)/python $(INSTALL) -c constraints.txt -e ".[test,bench,peers]"
	touch $@

# Only root of a Debian can install it. Elsewhere, and where the network is down, the tests that need it are skipped.
browser:  ## install Chromium for the tests of the page, where that is possible
	@if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then \
		:; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq --no-install-recommends chromium chromium-driver >/dev/null; then \
		:; \
	else \
		echo "There is no Chromium, and it could not be installed: the tests in a browser will be skipped."; \
	fi

clean:  ## remove what the other targets made
	rm -rf .venv .venv-* build dist out cache *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
