# Lichtbild's front door. `make photo` and `make test` work on a fresh machine with Python 3.11 to 3.13, gcc and make.
# The first of these that runs: Halide's wheels are for Python up to 3.13.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
            $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && exit; \
          done; echo python3.11)
VENV   := .venv
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.ready

.PHONY: photo test lint kernels setup bench docs wheel clean
.DEFAULT_GOAL := photo

$(STAMP): pyproject.toml
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q --upgrade pip
	$(PY) -m pip install -q scikit-build-core "halide==21.0.0" numpy cmake ninja
	$(PY) -m pip install -q --no-build-isolation -C wheel.cmake=false -C editable.mode=inplace -e ".[dev]"
	touch $@

kernels: $(STAMP)
	@$(VENV)/bin/cmake -S . -B build/kernels -G Ninja -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(VENV)/bin/ninja \
	  -DPython3_EXECUTABLE=$(CURDIR)/$(PY) > build.log 2>&1 || (cat build.log; false)
	@rm -f build.log
	@$(VENV)/bin/cmake --build build/kernels
	@cmp -s build/kernels/libkernels.so src/lichtbild/libkernels.so || \
	  (cp build/kernels/libkernels.so src/lichtbild/libkernels.so.part && \
	   mv src/lichtbild/libkernels.so.part src/lichtbild/libkernels.so)
	@$(PY) -m compileall -q src/lichtbild

setup: kernels

photo: kernels
	rm -rf photo && mkdir photo
	$(VENV)/bin/lichtbild simulate street-night -o photo/burst --frames 8 --iso 1600
	$(VENV)/bin/lichtbild develop photo/burst/shot_*.dng -o photo/photo.jpg

test: kernels
	$(PY) -m pytest -n 2

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: kernels
	$(PY) benchmarks/run.py

docs: kernels
	$(PY) tools/make_docs.py

wheel: $(STAMP)
	$(PY) tools/make_wheel.py

clean:
	rm -rf build dist photo src/lichtbild/libkernels.so
