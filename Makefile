# Every target makes .venv by itself when it is missing or older than the dependency lists.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: demo test check house docstrings mutants bench agreement browser clean

demo: .venv/installed  ## train, explain, score and draw on built-in scenes; results in out/demo, and as one page
	$(BIN)/skxai compare --html --out out/demo --overwrite

test: .venv/installed  ## the whole test suite
	$(BIN)/python -m pytest

check: .venv/installed  ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy

house: .venv/installed  ## the packages and who imports whom
	$(BIN)/python -m tools.house

docstrings: .venv/installed  ## write the shared text about parameters into the docstrings
	$(BIN)/python -m tools.shared_docstrings

mutants: .venv/installed  ## change one thing at a time, and see whether a test notices; ARGS="--only 'metrics/*'" narrows it
	$(BIN)/python -m tools.mutants $(ARGS)

bench: export BENCH_COMMAND = make bench$(if $(ARGS), ARGS="$(ARGS)")
bench: .venv/peers  ## time everything beside the peers (35 to 55 minutes); ARGS="-k score_cam" narrows it
	mkdir -p out/bench
	$(BIN)/python -m pytest benchmarks -n 0 --benchmark-quiet --benchmark-json=out/bench/results.json $(ARGS)

agreement: .venv/installed  ## how far skxai is from its oracles and from the peers, as docs/agreement.md
	$(BIN)/python -m pytest tests/reference tests/peers -n 0 --agreement docs/agreement.md

.venv/installed: setup.py constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	touch $@

# The peers change no version of what is there already: constraints.txt pins them all.
.venv/peers: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,bench,peers]"
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
	rm -rf .venv out cache *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
