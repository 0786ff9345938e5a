# Every target makes its own .venv when there is none; it needs Python 3.11 or newer and pip, nothing else.
PYTHON ?= python3
BIN    := .venv/bin
RUN    := .venv/.run-installed
DEV    := .venv/.dev-installed

.PHONY: demo test test-long lint docs bench sanitize sanitize-threads clean

demo: $(RUN)            ## fetch MNIST, train to 98 %, write pictures to out/demo/, read drawn digits
	$(BIN)/byhand demo --out out/demo

test: $(DEV)            ## the whole test suite
	$(BIN)/python -m pytest -n 2

test-long: $(DEV)       ## what takes minutes: the programs on MNIST, wheels, sdist, site, notebooks (needs gcc, node and npm)
	$(BIN)/python -m pip install --quiet --editable '.[docs,notebooks,release]'
	$(BIN)/python -m pytest -m long

lint: $(DEV)            ## formatting, lint and types
	$(BIN)/ruff format --check src tests bench docs examples setup.py
	$(BIN)/ruff check src tests bench docs examples setup.py
	$(BIN)/mypy

docs: $(DEV)            ## the site, in out/docs/index.html; a broken link or example is an error
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs out/docs
	rm -rf out/wheel && BYHAND_PURE=1 $(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation -w out/wheel .
	cp out/wheel/byhand-*.whl out/docs/_static/byhand.whl

bench: $(DEV)           ## byhand beside PyTorch, JAX, Keras and scikit-learn: docs/speed.md (--quick: bench/speed/__main__.py)
	$(BIN)/python -m bench.speed

SANITIZED := out/sanitize
SANITIZE  := -fsanitize=address,undefined

sanitize: $(DEV)        ## the compiled operations' tests under the address and undefined-behaviour sanitizers (gcc)
	rm -rf $(SANITIZED) && mkdir -p $(SANITIZED)
	cp -r src tests setup.py pyproject.toml README.md LICENSE $(SANITIZED)
	rm -f $(SANITIZED)/src/byhand/ops/*.so
	cd $(SANITIZED) && CFLAGS="$(SANITIZE) -fno-sanitize-recover=undefined -g" LDFLAGS="$(SANITIZE)" \
		../../$(BIN)/python setup.py -q build_ext --inplace
	cd $(SANITIZED) && ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc PYTHONPATH=src \
		LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
		../../$(BIN)/python -m pytest tests/ops

sanitize-threads:       ## the pool of threads under the thread sanitizer (gcc)
	mkdir -p out
	gcc -std=gnu11 -O1 -g -fsanitize=thread -pthread tests/ops/threads.c -o out/threads
	out/threads

$(RUN): pyproject.toml setup.py $(wildcard src/byhand/ops/c/*)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "byhand needs Python 3.11 or newer; this is " + sys.version.split()[0] + " (choose another with: make PYTHON=python3.12 ...)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo 'Installing byhand into .venv; the first time this takes a few minutes ...'
	$(BIN)/python -m pip install --quiet --editable '.[serve]'
	@touch $@

$(DEV): $(RUN)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

clean:                  ## everything that the other targets made
	rm -rf .venv out build src/byhand/ops/*.so dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
