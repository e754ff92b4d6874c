# The front door. CI calls nothing but these targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# One step after the other, also under `make -j`: cargo uses the cores already.
.NOTPARALLEL:

CARGO ?= cargo
TARGET_DIR ?= $(or $(CARGO_TARGET_DIR),target)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: check
check: need-cargo ## Formatting, lints, dependency rules and house rules (no root needed)
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) run --locked --quiet -p xtask -- tidy
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
	    $(CARGO) deny check bans licenses sources; \
	else \
	    echo "cargo-deny is not installed: licences and sources of dependencies were not checked"; \
	fi

.PHONY: test
test: need-root setup build ## Every test, also against real FRR in network namespaces (root)
	$(CARGO) test --locked --workspace --no-fail-fast

.PHONY: bench
bench: need-root setup ## Benchmarks on real FRR, release build (root)
	$(CARGO) build --locked --release -p novaroute-agent
	$(CARGO) bench --locked -p novaroute-e2e

.PHONY: demo
demo: need-root setup build ## A node and a ToR on real FRR, told as a story (root); KEEP=1 leaves it running
	demo/run.sh

.PHONY: setup
setup: need-cargo ## Install what is missing (Debian packages, a newer FRR beside the distribution's)
	scripts/setup.sh
	$(CARGO) build --locked -p novaroute-lab
	$(TARGET_DIR)/debug/novaroute-lab setup

.PHONY: build
build: need-cargo ## Build every crate, debug
	$(CARGO) build --locked --workspace

.PHONY: clean
clean: need-cargo ## Remove what the build made
	$(CARGO) clean

.PHONY: need-cargo
need-cargo:
	@command -v $(CARGO) >/dev/null || { \
	    echo "make: '$(CARGO)' was not found. Install Rust (https://rustup.rs); rust-toolchain.toml names the version." >&2; \
	    echo "make: installed already? Then put its folder into PATH, e.g. PATH=\$$HOME/.cargo/bin:\$$PATH" >&2; \
	    exit 1; }

.PHONY: need-root
need-root:
	@[ "$$(id -u)" = 0 ] || { \
	    echo "make: network namespaces and FRR's daemons need root. Run: sudo -E env \"PATH=\$$PATH\" make $(MAKECMDGOALS)" >&2; \
	    exit 1; }
