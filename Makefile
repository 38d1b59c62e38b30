# Colab Tray. `make help` lists what can be done.

VERSION ?= $(shell packaging/version)
PREFIX ?= /usr/local

GOFUMPT     = go run mvdan.cc/gofumpt@v0.12.0
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
ACTIONLINT  = go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

export CGO_ENABLED = 0
export LC_ALL = C.UTF-8

.DEFAULT_GOAL = help
.PHONY: help build run setup test check lint vet cluster bench soak install dist screenshots icons man licences clean

help: ## show this list
	@echo "Colab Tray: a Google Colab local runtime from the system tray"
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Engines, Jupyter and the guide speak HTTP/1.1: without HTTP/2 the program is 0.6 MB
# smaller.
RELEASE = -trimpath -buildvcs=false -tags=nethttpomithttp2

build: ## build bin/colab-tray for this machine
	go build $(RELEASE) -ldflags "-s -w -X main.version=$(VERSION)" -o bin/colab-tray ./cmd/tray

run: ## build it and run it; what is missing is provided or explained (ARGS="start")
	@scripts/run $(ARGS)

setup:
	@test/setup

# Two packages, and four tests of each, at a time: most wait for an engine or a browser,
# not for a processor.
# Go takes results that it has for the same code from its cache; what it cannot see of
# what they depend on it is told. With CI set each test is run in each combination, anew.
# What takes longest begins first. lint vets the code. At the end of each package the race
# detector would wait a second for late reports.
test: setup ## set up what the tests need, and run them all
	COLAB_TRAY_TEST_ENGINE=$$(test/cachekey engine) COLAB_TRAY_TEST_TREE=$$(test/cachekey tree) CGO_ENABLED=1 GORACE=atexit_sleep_ms=100 \
		go test -race $(if $(CI),-count=1) -vet=off -p 2 -parallel 4 -timeout 40m \
		./internal/runtime ./cmd/tray ./packaging ./test/... ./...

# To set up a new machine takes minutes, in which one processor mostly waits: it lints.
check: ## format, vet, staticcheck, and all tests
	@$(MAKE) --no-print-directory --jobs=2 lint setup
	@$(MAKE) --no-print-directory --assume-old=setup test

# With the flags of a release nothing is compiled that the packages of each system do not
# need as well.
lint vet: export GOFLAGS += $(RELEASE)

lint: vet
	@echo "gofumpt"; unformatted=$$($(GOFUMPT) -l .) && [ -z "$$unformatted" ] || \
		{ echo "not formatted as gofumpt does:"; echo "$$unformatted"; exit 1; }
	@for system in linux windows darwin; do echo "staticcheck $$system"; go run -exec "env GOOS=$$system" $(STATICCHECK) ./... || exit 1; done
	$(ACTIONLINT) -shellcheck= .github/workflows/*.yml

vet:
	GOOS=linux go vet ./...
	GOOS=windows go vet ./...
	GOOS=darwin go vet ./...

cluster: ## build and start a one-node Kubernetes (to end it: test/cluster stop)
	test/cluster build
	test/cluster start

bench: build setup ## set up what it needs, and measure how fast it is, beside what people use otherwise
	go run ./test/bench

soak: setup ## walk at random over commands and faults, MINUTES (30) on Docker and on Podman (ENGINE=docker: there alone)
	COLAB_TRAY_SOAK=$(or $(MINUTES),30) go test ./internal/runtime -run '^TestSoak$$/^$(ENGINE)' -count=1 -timeout 0

install: ## build it and install it into PREFIX (/usr/local), below DESTDIR
	VERSION=$(VERSION) PREFIX=$(PREFIX) packaging/stage "$(DESTDIR)$(PREFIX)"

dist: ## make the packages of all systems (on a Mac: of macOS) into dist/, with checksums and SBOM
	packaging/make-dist

screenshots: build setup ## take the pictures of the README anew
	go run ./test/screenshots

icons: ## draw PNG and ICO from the SVG sources
	go generate ./assets/...

man: ## make the man page from its source and the program
	go generate ./packaging/manpage

licences: ## collect the licences of the libraries in the program
	go generate ./packaging/licences

clean: ## remove what was built
	rm -rf bin dist artefacts
