# Set-up only; what is computed stands in Snakefile.  `make help` prints:
#   make             environment, LaTeX, Coq if it can be had, report/main.pdf
#   make test        environment, LaTeX, pytest
#   make test-slow   a second toy build: killed and resumed, compared byte for byte
#   make mutants     mistakes planted in the studies' formulas: how many the tests catch
#   make lint        style of Python, Snakefile and LaTeX
#   make reference   the numbers of the last build become those of reference.json
#   make publish     the report and its figures into published/, from what is committed
#   make check-published  whether they are of these sources and of the last build
#   make lock        requirements*.lock from requirements*.txt: every package, with hashes
#   make TORCH=cuda  the same with the PyTorch for NVIDIA's GPUs (README)
#   make slurm       environment for a cluster (README)
#   make test-slurm  its test, as root
#   make latex       LaTeX and its packages, or what is missing
#   make coq         Coq, for the proofs of the report
#   make clean       removes what the workflow makes
#   make distclean   and the environments and caches too
PYTHON ?= python3
SEED   ?= 0
# The PyTorch of the environment: for processors, or with TORCH=cuda for NVIDIA's GPUs too.
TORCH  ?= $(or $(shell cat .venv/installed 2>/dev/null),cpu)
BIN    := .venv/bin
# PyTorch's own index has wheels for Linux that ask for no CUDA libraries, gigabytes; PyPI's do.
INDEX  := --index-url https://download.pytorch.org/whl/cpu --retries 1
TEX    := latexmk texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended texlive-science texlive-pictures lmodern
SUDO   := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)
APT    := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get
# Installs Debian's packages, where that needs no question, and says so in one line.
apt     = command -v apt-get >/dev/null && $(SUDO) true 2>/dev/null && echo "make: installing $(1)" && \
  $(APT) update -qq && $(APT) install -y -qq --no-install-recommends $(1) >/dev/null

# Of an account without an entry (docker run --user) Snakemake asks for these.
export HOME ?= $(CURDIR)
export LOGNAME ?= $(shell id -un 2>/dev/null || echo user)
# The targets of a command line one after another, as they share apt and .venv; jobs are snakemake's.
.NOTPARALLEL:

# An environment whose Python is gone, as after an upgrade, is made again.
$(foreach env,.venv .venv-slurm,$(shell [ ! -e $(env)/installed ] || $(env)/bin/python -c 0 2>/dev/null || rm $(env)/installed))

.PHONY: report help test test-slow test-slurm mutants lint reference lock latex coq slurm publish check-published clean distclean
report: .venv/installed latex coq
	@$(BIN)/python -m snakemake

help:
	@sed -n 's/^#   //p' Makefile

test: .venv/installed latex
	$(BIN)/python -m pytest

test-slow: .venv/installed latex
	$(BIN)/python -m pytest -m slow

lint: .venv/installed
	@command -v chktex >/dev/null || { \
	  echo "make: chktex was not found; on Debian/Ubuntu: sudo apt-get install chktex" >&2; exit 1; }
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m snakefmt --check Snakefile
	cd report && chktex -q -l ../.chktexrc main.tex

mutants: .venv/installed
	$(BIN)/python tests/mutation.py --figures $(if $(SAMPLE),--sample $(SAMPLE) --seed $(SEED))

reference: .venv/installed
	$(BIN)/python code/publish.py verify_results --update

publish: .venv/installed latex coq
	@command -v pdftocairo >/dev/null || { $(call apt,poppler-utils); } || true
	$(BIN)/python code/publish.py published

check-published: .venv/installed
	$(BIN)/python code/publish.py published --check

slurm: .venv-slurm/installed

test-slurm: slurm
	@command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v munged >/dev/null || { \
	  $(call apt,slurm-wlm munge); } || \
	  echo "make: Slurm was not found; on Debian/Ubuntu: sudo apt-get install slurm-wlm munge" >&2
	.venv-slurm/bin/python -m pytest tests/pipeline/test_slurm.py

# Newer versions of what is not in requirements*.txt: delete the locks first.
lock:
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
	.venv-lock/bin/python code/lock_packages.py
	rm -r .venv-lock

# Every package by its hash.  torch first, as PyTorch's index is asked for nothing else; PyPI's torch,
# where that index does not answer or TORCH is not cpu, finds CUDA libraries missing on Linux.
PIP     = $(@D)/bin/pip --disable-pip-version-check
INSTALL = $(PIP) install --quiet --require-hashes --no-deps
ifneq ($(TORCH),$(or $(shell cat .venv/installed 2>/dev/null),cpu))
.PHONY: .venv/installed
endif
.venv/installed: requirements.lock requirements-cuda.lock
.venv-slurm/installed: requirements.lock requirements-slurm.lock requirements-cuda.lock
.venv/installed .venv-slurm/installed:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: $(PYTHON) is missing or older than 3.11; install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(call apt,python3-venv); } || { \
	  echo "make: $(PYTHON) has no venv module; on Debian/Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(@D)
	sed -n '/^torch==/,/# via/p' requirements.lock > $(@D)/torch.lock
	$(if $(filter cpu,$(TORCH)),$(INSTALL) $(INDEX) -r $(@D)/torch.lock 2>/dev/null ||) $(INSTALL) -r $(@D)/torch.lock
	$(INSTALL) $(addprefix -r ,$(filter-out requirements-cuda.lock,$^))
	@$(PIP) check >/dev/null || $(INSTALL) -r requirements-cuda.lock
	@$(PIP) check >/dev/null || { $(PIP) check; exit 1; }
	@echo $(TORCH) > $@

# The report says whether its proofs were checked; without Coq it is built all the same.
coq:
	@command -v coqc >/dev/null || { $(call apt,coq); } || \
	  echo "make: Coq was not found, so that the proofs are not checked; on Debian/Ubuntu: sudo apt-get install coq" >&2

# What the preamble needs is looked for here, before anything is computed.
latex: .venv/installed
	@$(BIN)/python code/publish.py compile_report --check || { \
	  $(call apt,$(TEX)); } || { \
	  printf '%s\n' "make: LaTeX or a package of it is missing. Install it:" \
	    "  Debian/Ubuntu: sudo apt-get install $(TEX)" \
	    "  Fedora:        sudo dnf install latexmk texlive-scheme-medium texlive-collection-latexextra texlive-collection-mathscience texlive-collection-pictures" \
	    "  macOS:         brew install --cask mactex-no-gui" \
	    "  conda:         conda install -c conda-forge tectonic" >&2; exit 1; }

# What git tracks stays, such as figures/README.md.
clean:
	rm -rf results logs archive web .web.* data/*/.[!.]* report/.[!.]* report/generated report/build report/main.pdf report.html .snakemake
	test ! -d figures || find figures -mindepth 1 ! -name README.md -delete

distclean: clean
	rm -rf .venv .venv-slurm .venv-lock .pytest_cache .hypothesis .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
