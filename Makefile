# Two targets do all the set-up: `make run` and `make test`.
# `make help` lists them all.

GO      ?= go
BIN     := bin/factorydash
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION)
# Where `make run` keeps its data and shows its page.
DATA    ?= var/data
LISTEN  ?= 127.0.0.1:8000
NIST    ?= https://smstestbed.nist.gov/vds
# The packages that take longest, first: the others are run beside them.
LONGEST := ./cmd/factorydash ./internal/web
# How many packages are tested at once, and how many tests of a package that may run
# beside others: they wait for processes and pages more than they compute.
ATONCE  := -p 4 -parallel 4
# Packages whose tests are about concurrency: `make test` runs them under the
# race detector as well. It does not watch the memory of SQLite and its C library,
# which is not Go's: to instrument them makes them slow and shows nothing.
WATCHED := -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false
RACE    := ./mtconnect/agent ./internal/collect ./internal/live ./internal/jobs ./internal/api ./internal/store/sqlite ./internal/store/postgres

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# `make run` shows its page within a minute of an empty build cache: these
# packages, which have no part in its speed, are compiled without optimization for
# it. Ours, the standard library and SQLite are optimized as in `make build`.
PLAIN   := github.com/redis github.com/jackc github.com/hibiken github.com/prometheus github.com/danielgtaylor \
	github.com/alecthomas github.com/pressly google.golang.org golang.org/x

.PHONY: run
run: ## Build, then show a simulated shop and the NIST test bed on http://127.0.0.1:8000/.
	GOGC=400 CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' $(foreach p,$(PLAIN),-gcflags='$(p)/...=-N -l') -o $(BIN) ./cmd/factorydash
	$(BIN) serve --data $(DATA) --listen $(LISTEN) --simulate --agent nist=$(NIST)

.PHONY: build
build: ## Build the static binary into bin/.
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/factorydash

# The image: its name, and the platforms of `make image PLATFORMS=linux/amd64,linux/arm64
# PUSH=1`, which pushes it, since Docker keeps images of one platform only.
IMAGE     ?= factorydash:local
PLATFORMS ?=
PUSH      ?=

.PHONY: image
image: ## Build the container image IMAGE; PLATFORMS=a,b PUSH=1 builds it for several and pushes it.
	@scripts/image "$(IMAGE)" "$(VERSION)" "$(PLATFORMS)" "$(PUSH)"

.PHONY: up
up: ## Start factorydash with PostgreSQL and Redis in containers (compose.yaml) and wait until it is healthy.
	scripts/compose-secrets
	FACTORYDASH_IMAGE="$(IMAGE)" FACTORYDASH_VERSION="$(VERSION)" docker compose up -d --build --wait

.PHONY: down
down: ## Stop what `make up` started; the data stays.
	docker compose down

.PHONY: rundev
rundev: ## Run everything in containers from the checkout, live reload included (compose.dev.yaml).
	docker compose -f compose.dev.yaml up

.PHONY: dist
dist: ## Build what a release has into dist/: archives, Debian packages, checksums. VERSION=v1.2.3.
	scripts/release "$(VERSION)" dist

.PHONY: test
test: browser services ## Run every test, installing what they need (a browser, Redis, PostgreSQL); under 8 minutes on 2 cores.
	FACTORYDASH_TEST_REQUIRE=1 $(GO) test -vet=off -timeout 15m $(ATONCE) $(LONGEST) ./...
	FACTORYDASH_TEST_REQUIRE=1 $(GO) test -vet=off -timeout 15m $(ATONCE) $(WATCHED) -short $(RACE)

.PHONY: test-race
test-race: browser services ## Run every test under the race detector.
	FACTORYDASH_TEST_REQUIRE=1 $(GO) test -vet=off -timeout 45m $(WATCHED) ./...

.PHONY: browser
browser: # Install the browser that the page tests drive, where there is none.
	@scripts/install-browser

.PHONY: services
services: # Install the servers that the tests start, and the checkers of scripts, where there are none; say what is left out.
	@scripts/install-checkers
	@scripts/install-redis
	@scripts/install-postgres
	@scripts/left-out

.PHONY: lint
lint: ## Run the linters, vet among them (built from tools/go.mod).
	cd bench/parse && $(GO) vet ./...
	cd tools && $(GO) vet ./assets
	$(GO) tool -modfile=tools/go.mod golangci-lint run ./...

.PHONY: generate
generate: ## Make the generated files anew: the front end's bundles.
	$(GO) generate ./...

.PHONY: verify
verify: ## Check that generated files and go.mod are in sync, then lint.
	$(GO) mod verify
	$(GO) mod tidy -diff
	$(GO) generate ./...
	@git diff --exit-code --stat -- . || { echo "generated files are out of date: run 'make generate' and commit"; exit 1; }
	@test -z "$$(git status --porcelain -- internal/web/assets)" || { git status --short -- internal/web/assets; echo "generated files are not committed"; exit 1; }
	$(MAKE) lint

.PHONY: bench
bench: ## Measure everything beside what limits it; BENCH=parse, store, pages, postgres, capture or scale for a part.
	scripts/bench $(BENCH)

.PHONY: chaos
chaos: ## Kill, cut and damage the capture for a long time, and count what is left.
	FACTORYDASH_CHAOS=long $(GO) test -timeout 60m -count=1 -v -run "Chaos|WorkersShare" ./cmd/factorydash

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (5m by default).
	scripts/fuzz $(or $(FUZZTIME),5m)

.PHONY: clean
clean: ## Remove what was built and what `make run` stored.
	rm -rf bin $(DATA)
