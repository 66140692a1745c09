# clearhead: `make` first. Everything below sets itself up in .venv, from nothing but Python 3.11 or later.
#
#   make            install into .venv, and say what to type next
#   make demo       train the embedded translator (a few minutes), print its scores and translations
#   make test       the tests, without the slow ones
#   make test-all   all of them
#   make test-shapes  those that compute, with every tensor's shape checked against its signature
#   make test-processors  the same, as on other processors and on one thread
#   make test-sanitized  those that call the C, compiled anew by gcc: warnings are errors, and it stops at a wrong address or
#                   at what C leaves undefined (AddressSanitizer, UndefinedBehaviorSanitizer)
#   make check      formatting, lint, types, the layers
#   make check-page the JavaScript of the page: its types and a linter; needs node and npm
#   make check-onnx what transformers.js makes of exported models; needs node and npm, and some 500 MB from npm
#   make bench      speed beside other toolkits, each in an environment of its own: make bench DATA=/path/to/data;
#                   adding MODEL=runs/multi30k, a trained recipes/multi30k-en-de.yaml, measures how that translates too
#   make benchmark-pages  docs/benchmarks/ and its charts, of the figures in benchmarks/results/
#   make reference  the pages of docs/reference/ that are made of docstrings and of the command line's help
#   make street     make the small trained model that comes with clearhead again, by the recipe of the demo
#   make format     let ruff rewrite what `make check` would complain about
#   make clean      remove .venv, .bench and the caches (never runs/)
#
# PYTHON chooses the interpreter; TORCH_INDEX the build of torch, for example the small one without CUDA:
#   make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu

PYTHON ?= python3
TORCH_INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest --quiet --numprocesses auto --maxprocesses 8 --dist worksteal
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

NUMERIC := tests/model tests/tracing tests/decoding tests/runtimes tests/native/test_library.py \
	$(patsubst %,tests/training/test_%.py,average flat_parameters loss optimizer_step r_drop schedule train_step)

SANITIZED := tests/native/test_library.py tests/runtimes/test_compiled.py tests/runtimes/test_prepacking.py
RUN_TIMES := libasan.so libubsan.so libstdc++.so.6

.PHONY: install demo test test-all test-shapes test-processors test-sanitized check check-page check-onnx bench benchmark-pages reference street format clean
.DELETE_ON_ERROR:

install: $(VENV)/.installed
	@echo "clearhead is installed: $(BIN)/clearhead look"

demo: $(VENV)/.installed
	@$(BIN)/clearhead demo

test: $(VENV)/.developed
	@$(PYTEST) -m "not slow"

test-all: $(VENV)/.developed
	@$(PYTEST)

# A pass of its own: it makes small tests several times as slow.
test-shapes: $(VENV)/.developed
	@$(PYTEST) --jaxtyping-packages=clearhead,beartype.beartype -m "not slow" $(NUMERIC)

# Libraries choose how to sum by the processor; what is true on one is to hold on all.
test-processors: $(VENV)/.developed
	@for setting in ATEN_CPU_CAPABILITY=avx2 ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=AVX2 \
		MKL_ENABLE_INSTRUCTIONS=AVX2 OMP_NUM_THREADS=1; do \
		echo "$$setting"; env $$setting $(PYTEST) -m "not slow" $(NUMERIC) || exit 1; \
	done

# Python itself is not checked, so the checks' libraries come first in it; what it leaves at its end is no leak of ours.
test-sanitized: $(VENV)/.developed
	@CC='"$(CURDIR)/tests/native/sanitizing-cc"' ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
		LD_PRELOAD="$(foreach one,$(RUN_TIMES),$(shell gcc -print-file-name=$(one)))" \
		$(BIN)/python -m pytest --quiet --exitfirst -m "not slow" $(SANITIZED)

check: $(VENV)/.developed
	@$(BIN)/ruff format --check --quiet . || (echo "make format would change these files"; exit 1)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > $(VENV)/layers.log || (cat $(VENV)/layers.log; exit 1)
	@echo "format, lint, types and layers are in order"

CHECKS := tests/page/node_modules
check-page: $(CHECKS)/.installed
	@$(CHECKS)/.bin/tsc --project tests/page
	@cd src/clearhead/look/page && $(CURDIR)/$(CHECKS)/.bin/eslint --config $(CURDIR)/tests/page/eslint.config.js .
	@echo "types and lint of the page's JavaScript are in order"

# Of onnxruntime's package for node what runs on a processor is in it; what its script would fetch is for GPUs.
READER := tests/interop/javascript
check-onnx: $(READER)/node_modules/.installed $(VENV)/.developed
	@$(PYTEST) tests/interop/test_onnx_writing.py tests/browser/test_transformers_js.py

bench: $(VENV)/.installed
	@test -n "$(DATA)" || (echo "make bench needs a folder that holds multi30k/: make bench DATA=/path/to/data"; exit 1)
	@$(BIN)/python benchmarks/bench.py training --data $(DATA)
	@$(BIN)/python benchmarks/translating.py base
	@test -z "$(MODEL)" || $(BIN)/python benchmarks/translating.py tiny --model $(MODEL) \
		--text $(DATA)/multi30k/test_2016_flickr.en.gz

benchmark-pages: $(VENV)/.developed
	@$(BIN)/python benchmarks/pages.py
	@$(BIN)/python benchmarks/charts.py

reference: $(VENV)/.developed
	@$(BIN)/python docs/reference.py

SHIPPED := src/clearhead/bundle/shipped/street
street: demo
	@rm -rf $(SHIPPED)
	@mkdir -p $(SHIPPED)
	@cp -R runs/street/bundle runs/street/history.jsonl $(SHIPPED)
	@du -k -s $(SHIPPED)

format: $(VENV)/.developed
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

clean:
	rm -rf $(VENV) $(CHECKS) $(READER)/node_modules .bench .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		(echo "$(PYTHON) is older than 3.11; name a newer one, as in: make demo PYTHON=python3.12"; exit 1)
	@echo "setting up $(VENV): some minutes, once"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) torch $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	@$(PIP) --editable .
	@touch $@

$(CHECKS)/.installed: tests/page/package.json tests/page/package-lock.json
	@npm ci --prefix tests/page --silent --no-audit --no-fund
	@touch $@

$(READER)/node_modules/.installed: $(READER)/package.json $(READER)/package-lock.json
	@ONNXRUNTIME_NODE_INSTALL=skip npm ci --prefix $(READER) --silent --no-audit --no-fund
	@touch $@

$(VENV)/.developed: $(VENV)/.installed
	@$(PIP) --editable '.[dev]'
	@touch $@
