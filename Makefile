# Set-up only; what is computed stands in Snakefile.  `make help` prints:
#   make             environment, LaTeX, Coq if it can be had, report/main.pdf
#   make test        environment, LaTeX, pytest
#   make test-slow   a second toy build: killed and resumed, compared byte for byte
#   make mutants     mistakes planted in the studies' formulas: how many the tests catch
#   make lint        style of Python, Snakefile and LaTeX
#   make reference   the numbers of the last build become those of reference.json
#   make TORCH=cuda  the same with the PyTorch for NVIDIA's GPUs (README)
#   make slurm       environment for a cluster (README)
#   make test-slurm  its test, as root
#   make latex       LaTeX and its packages, or what is missing
#   make coq         Coq, for the proofs of the report
PYTHON ?= python3
SEED   ?= 0
# The PyTorch of the environment: for processors, or with TORCH=cuda for NVIDIA's GPUs too.
TORCH  ?= $(or $(shell cat .venv/installed 2>/dev/null),cpu)
BIN    := .venv/bin
CPU    := https://download.pytorch.org/whl/cpu
TEX    := latexmk texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended texlive-science texlive-pictures lmodern
SUDO   := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)
APT    := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get
# Succeeds where Debian's packages can be installed without asking anybody.
CAN_APT := command -v apt-get >/dev/null && $(SUDO) true 2>/dev/null

.PHONY: report help test test-slow test-slurm mutants lint reference latex coq slurm
report: .venv/installed latex coq
	$(BIN)/python -m snakemake

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

slurm: .venv-slurm/installed

test-slurm: slurm
	@command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v munged >/dev/null || { \
	  $(CAN_APT) && $(APT) update -qq && $(APT) install -y -qq --no-install-recommends slurm-wlm munge; } || \
	  echo "make: Slurm was not found; on Debian/Ubuntu: sudo apt-get install slurm-wlm munge" >&2
	.venv-slurm/bin/python -m pytest tests/pipeline/test_slurm.py

# torch first, from PyTorch's CPU index where it answers: elsewhere Linux gets gigabytes of CUDA.
ifneq ($(TORCH),$(or $(shell cat .venv/installed 2>/dev/null),cpu))
.PHONY: .venv/installed
endif
.venv/installed: requirements.txt
.venv-slurm/installed: requirements-slurm.txt requirements.txt
.venv/installed .venv-slurm/installed:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: $(PYTHON) is missing or older than 3.11; install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(CAN_APT) && $(APT) update -qq && $(APT) install -y -qq python3-venv; } || { \
	  echo "make: $(PYTHON) has no venv module; on Debian/Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check $(if $(filter cpu,$(TORCH)),--extra-index-url $(CPU)) --retries 1 $$(grep '^torch==' requirements.txt)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	@echo $(TORCH) > $@

# The report says whether its proofs were checked; without Coq it is built all the same.
coq:
	@command -v coqc >/dev/null || { $(CAN_APT) && $(APT) update -qq && $(APT) install -y -qq --no-install-recommends coq; } || \
	  echo "make: Coq was not found, so that the proofs are not checked; on Debian/Ubuntu: sudo apt-get install coq" >&2

# What the preamble needs is looked for here, before anything is computed.
latex: .venv/installed
	@$(BIN)/python code/publish.py compile_report --check || { \
	  $(CAN_APT) && $(APT) update -qq && $(APT) install -y -qq --no-install-recommends $(TEX); } || { \
	  printf '%s\n' "make: LaTeX or a package of it is missing. Install it:" \
	    "  Debian/Ubuntu: sudo apt-get install $(TEX)" \
	    "  Fedora:        sudo dnf install latexmk texlive-scheme-medium texlive-collection-latexextra texlive-collection-mathscience texlive-collection-pictures" \
	    "  macOS:         brew install --cask mactex-no-gui" \
	    "  conda:         conda install -c conda-forge tectonic" >&2; exit 1; }
