# Everything runs in .venv; `make` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# A test on a pair mostly waits, so there may be more of them than cores.
JOBS ?= 3
PYTEST_JOBS := -n $(JOBS) --dist loadfile --no-loadscope-reorder
# More for pytest: make test ARGS="-k sync tests/unit"
ARGS ?=
# What the lab and the checks of man page and completions need beside Python; installed by `make test` when run as root on Debian.
PACKAGES := acl busybox debootstrap systemd-container libarchive-tools isc-dhcp-server isc-dhcp-client openssh-server openssh-client \
  iproute2 iptables faketime procps sudo tmux man-db groff-base mandoc zsh fish tcsh csh mksh at

.PHONY: help demo test test-source test-wheel check dist lab bench screenshots docs format lock packages clean

help:
	@echo "make demo         the console on its practice pair"
	@echo "make test         set up and run every check and test (as root: the real pair too)"
	@echo "make test-wheel   only the tests that need no lab, against the installed wheel"
	@echo "make check        lint, types, import contracts"
	@echo "make dist         wheel and sdist, in dist/"
	@echo "make lab          bring up two real dhcpd and say how to open the console on them (root)"
	@echo "make bench        figures, as ratios to peers and goals (root: all of them; half an hour)"
	@echo "make docs         write the generated documents again"
	@echo "make screenshots  draw the pictures again, from the practice pair (as root the one of a real pair too)"

demo: $(STAMP)
	@$(BIN)/dhcptui demo

# Each test runs once: on the real pair and on the source tree first, all others against the installed wheel. A part that
# fails stops no other one; what failed, and what passed in a second try only, is said of all of them at the end.
test: packages $(STAMP)
	@summary=$$(mktemp); trap 'rm -f "$$summary"' EXIT; trap 'exit 130' INT TERM; status=0; \
	for part in check test-source test-wheel; do \
	  echo "make $$part" >>"$$summary"; \
	  DHCPTUI_TEST_SUMMARY="$$summary" $(MAKE) --no-print-directory PACKAGES= $$part && end=passed || { end=FAILED; status=1; }; \
	  echo "  $$end" >>"$$summary"; \
	done; \
	echo; cat "$$summary"; exit $$status

test-source: packages $(STAMP)
	$(BIN)/python -m pytest $(PYTEST_JOBS) -m "lab or source" $(ARGS)

test-wheel: packages $(STAMP)
	$(BIN)/python -m tools.wheel $(PYTEST_JOBS) -m "not lab and not source" $(ARGS)

dist: $(STAMP)
	rm -rf dist
	$(BIN)/python -m build
	cd dist && sha256sum *.whl *.tar.gz >SHA256SUMS

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

lab: packages $(STAMP)
	$(BIN)/python -m tests.lab

bench: packages $(STAMP)
	$(BIN)/python -m tools.bench --markdown docs/performance.md

screenshots: packages $(STAMP)
	$(BIN)/python -m tools.pictures

lock: $(STAMP)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" pyproject.toml --group dev -o requirements/dev.txt

docs: $(STAMP)
	$(BIN)/python -m tools.generate

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Without root, or where apt is missing, the lab tests say what they lack and are skipped.
packages:
	@PYTHON="$(PYTHON)" tests/lab/install-packages $(PACKAGES)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

$(STAMP): | packages

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
