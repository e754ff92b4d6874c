# The front door. CI calls nothing but these targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# One step after the other, also under `make -j`: cargo uses the cores already.
.NOTPARALLEL:

CARGO ?= cargo
# What makes the agent that dies on demand; never in what ships.
FAULT_POINTS := novaroute-agent/fault-points
# For whom Debian packages are installed: `tests`, or `demo`, which needs fewer.
SETUP ?= tests
TARGET_DIR ?= $(or $(CARGO_TARGET_DIR),target)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: check
check: need-cargo ## Formatting, lints, dependency rules and house rules (no root needed)
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked --workspace --features $(FAULT_POINTS) --bin novaroute-agent-fault-points -- -D warnings
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
bench chaos demo: SETUP := demo
bench: need-root setup ## Benchmarks on real FRR, release build (root)
	$(CARGO) build --locked --release -p novaroute-agent -p novaroute-operator
	$(CARGO) bench --locked -p novaroute-e2e

.PHONY: chaos
chaos: need-root setup build ## Packets lost around faults, then ROUNDS=20 random rounds on each FRR (root); SEED= repeats them
	$(TARGET_DIR)/debug/chaos --rounds $(or $(ROUNDS),20) $(if $(SEED),--seed $(SEED))

.PHONY: demo
demo: need-root setup build ## A node and a ToR on real FRR, told as a story (root); KEEP=1 leaves it running
	demo/run.sh

.PHONY: render
render: need-cargo ## What is generated for Kubernetes: definitions and their page, charts' schemas and tables, tests/charts, deploy
	$(CARGO) run --locked --quiet -p xtask -- crds
	$(CARGO) run --locked --quiet -p xtask -- custom-resources
	$(CARGO) run --locked --quiet -p xtask -- charts
	UPDATE_EXPECT=1 $(CARGO) test --locked -p novaroute-e2e --test charts -- that_are_kept those_of_the_charts

.PHONY: man
man: need-cargo ## Man pages of novaroutectl, into target/man
	$(CARGO) run --locked --quiet -p novaroute-ctl -- man $(TARGET_DIR)/man

.PHONY: screenshots
screenshots: need-root setup build ## Pictures of `novaroutectl top` and of the page of a node, into docs/images (root)
	unshare --uts sh -c 'hostname node-1; exec $(TARGET_DIR)/debug/screenshots'

.PHONY: images
images: need-cargo ## Container images by buildah: agent, operator, FRR; ARCHES="amd64 arm64", REPOSITORY=, TAG=
	scripts/setup.sh images
	scripts/images.sh

.PHONY: setup
setup: need-cargo ## Install what is missing (Debian packages, a newer FRR beside the distribution's)
	scripts/setup.sh $(SETUP)
	$(CARGO) build --locked -p novaroute-lab
	$(TARGET_DIR)/debug/novaroute-lab setup

.PHONY: build
build: need-cargo ## Build every crate, debug; and the agent that tests can kill from within
	$(CARGO) build --locked --workspace
	$(CARGO) build --locked --workspace --examples
	$(CARGO) build --locked --workspace --features $(FAULT_POINTS) --bin novaroute-agent-fault-points

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
