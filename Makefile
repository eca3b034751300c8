# make run    build everything, start the server under ./data and print where to open it
# make demo   the same with a small organisation in it, under ./data-demo, anew each time
# make build  leave the one program in bin/wardroom
# make test   every check there is; installs what it needs on a fresh Debian
# make crash  kill the server 200 times, PostgreSQL, one of two servers, silence the network, and look for what was answered
# make growth  let a year of twenty people pass, and say what an event costs
# make minio-test  build and start a real MinIO server, and look whether files are safe there too
# make witness-test  build torchwood's witness, and see it refuse what ours refuses
# make fuzz   run every fuzz test for FUZZTIME (30s) each
# make conformance  ask each operation of the Matrix specification, print what came of it, and write that to docs/matrix.md
# make bench  measure, and write docs/performance.md
# make bench-check  count what a message costs, and fail where that has changed by more than a fifth
# make pictures  take the pictures of the README, from the demonstration in a real browser
SHELL := /bin/bash
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.PHONY: run demo build test crash growth minio-test witness-test fuzz conformance bench bench-check pictures clean

version := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

run: build
	bin/wardroom serve --data ./data

demo: build test/clients/node_modules/.package-lock.json
	@node test/clients/demo/demo.mjs --data ./data-demo

client :=
ifneq ($(wildcard web/package.json),)
client := web/dist/app/index.html
endif

# go itself knows best what has changed
build: $(client)
	@.ci/need build
	go build -trimpath -ldflags "-X main.version=$(version)" -o bin/wardroom ./cmd/wardroom

web_sources := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -path web/e2e -prune -o -type f ! -name '*.go' -print 2>/dev/null)

%/node_modules/.package-lock.json: %/package-lock.json %/package.json
	@.ci/need build
	cd $* && npm ci --no-audit --no-fund
	@touch $@

web/dist/app/index.html: web/node_modules/.package-lock.json $(web_sources)
	cd web && npm run --silent build
	find web/dist/app -type f \( -name '*.js' -o -name '*.css' -o -name '*.html' -o -name '*.svg' -o -name '*.wasm' -o -name '*.json' \) -exec gzip -9 -n -k -f {} +
	@touch $@

test:
	@.ci/need test
	@$(MAKE) --no-print-directory build test/clients/node_modules/.package-lock.json
	@go run .ci/test.go

crash:
	@.ci/need build
	go test ./test/crash -count=1 -timeout 90m -v -run Kept -rounds 200

minio-test:
	@.ci/need build
	go run ./test/minio

witness-test:
	@.ci/need build
	GOBIN=$(abspath bin) go install filippo.io/torchwood/cmd/litewitness@$(shell go list -m -f '{{.Version}}' filippo.io/torchwood)
	WARDROOM_TEST_LITEWITNESS=$(abspath bin/litewitness) go test -count=1 -v -run 'AWitness|OfWitnesses|Checkpoint|Verify|StartsAgain' ./internal/ledger

FUZZTIME ?= 30s
growth:
	go test -count=1 -timeout=3h -v -run '^TestCostOfAYear$$' ./internal/feed -days 365

fuzz:
	@.ci/need build
	@.ci/fuzz $(FUZZTIME)

conformance:
	@.ci/need build
	@[ -d "$(MATRIX_SPEC)/data/api/client-server" ] || { echo "MATRIX_SPEC has to name a folder with the Matrix specification's data: a clone of https://github.com/matrix-org/matrix-spec" >&2; exit 1; }
	@cd internal/clientapi && MATRIX_SPEC=$(abspath $(MATRIX_SPEC)) go test -count=1 -run '^TestConformance$$|^TestTheSpecifications' -update

bench:
	@.ci/need bench
	go run ./test/bench -o docs/performance.md

bench-check:
	go test -count=1 -v -run '^TestCost' ./internal/clientapi ./internal/feed ./test/trace

pictures: build test/clients/node_modules/.package-lock.json
	@.ci/need pictures
	cd web && npm run --silent pictures

clean:
	rm -rf bin web/dist/app web/node_modules test/clients/node_modules test-results
