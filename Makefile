# A thin layer over cargo: every line below can be typed by hand.

.DEFAULT_GOAL := help
.PHONY: help run demo test check release-check dist interop adapters providers torture fuzz compose-check proxies bench

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo 'ARGS= is handed on: make run ARGS="--help", make test ARGS=journey.'
	@echo 'Settings come from the environment: FRONTDESK_ADMIN_PASSWORD=... make run.'
	@echo 'An optimised binary: cargo build --release --locked, then target/release/frontdesk.'

run: ## install what is missing, build, start on https://localhost:9443
	@scripts/install-missing
	cargo run --locked --bin frontdesk -- serve $(ARGS)

demo: ## oidc-provider behind Frontdesk and a relying party that registers itself; the last line is an address to log in at; ARGS=--check logs in by itself
	@scripts/install-missing
	scripts/demo $(ARGS)

test: ## install what is missing, pass every test on SQLite and on a throw-away PostgreSQL
	@scripts/install-missing test
	scripts/test $(ARGS)

check: ## format, lints, documentation, dependency rules, licences, images, stray text, plain English
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --workspace --all-targets --features server/otel --locked -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --locked
	scripts/check-boundaries
	scripts/check-licences
	scripts/check-images
	scripts/check-alerts
	scripts/check-text
	scripts/check-language

release-check: ## fetch the advisory database and fail on every advisory and yanked package; first show that it can fail
	scripts/release-check-rehearsal
	scripts/release-check

dist: ## a release under target/dist: archive with manual, completions, licences and SBOM, after release-check; ARGS=--debug to look at one
	@scripts/install-missing
	scripts/dist $(ARGS)

interop: ## pass published JavaScript and Python clients, installed under target/interop, and oidc-agent
	@scripts/install-missing interop
	scripts/interop $(ARGS)

adapters: ## check types and tests of the packages in adapters/, with the real libraries, installed under target/adapters
	scripts/adapters $(ARGS)

providers: ## real Keycloak, Hydra (if HYDRA_SOURCE has its source) and oidc-provider behind the binary, one line a row; ARGS="--only PATTERN"
	@scripts/install-missing keycloak
	scripts/providers $(ARGS)

torture: ## break the release binary under load and count what is lost; ARGS=--quick for the short way
	@scripts/install-missing test
	scripts/torture $(ARGS)
	PROVISION_FAULTS=full scripts/with-postgres cargo test --locked --quiet --package server --test provision_faults

fuzz: ## a minute of libFuzzer on each property of fuzz/, or ARGS="SECONDS TARGET"; needs a C++ compiler, no other Rust
	@scripts/install-missing fuzz
	scripts/fuzz $(ARGS)

compose-check: ## with docker or podman: build the image, start it alone and by each profile of docker-compose.yml, walk the four steps; ARGS=sqlite for one
	scripts/compose-check $(ARGS)

proxies: ## put nginx, Caddy and Traefik with the recipes in front of the binary, and two of them with one mistake at a time
	scripts/proxies

bench: ## measure steps, documents, registration, peers and growth on this machine; rewrite docs/performance.md (an hour; ARGS=http for a part)
	@scripts/install-missing bench
	cargo build --release --locked -p server -p benchmark
	cargo bench --locked -p benchmark
	scripts/bench $(ARGS)
