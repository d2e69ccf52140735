# What each target promises is in CONTRIBUTING.md. The toolchain is the one that
# is installed: none is downloaded behind your back.
export GOTOOLCHAIN = local

GOLANGCI   = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.8.0

# The packages whose tests start a browser, a database or the whole program.
SLOW = aval/(cmd|store/postgres)(/|$$)

.PHONY: help test tools check fmt vet lint generated unit bench a11y vuln release
.NOTPARALLEL:

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/make \1: \2/p' Makefile

test: tools fmt vet generated ## everything that continuous integration runs
	go test -race -count=1 -shuffle=on -timeout=9m ./...

tools: ## install what the tests need (Debian or Ubuntu, as root; safe to repeat)
	@.ci/tools

check: fmt vet unit ## the fast round: format, vet, lint if it is installed, unit tests
	@if command -v golangci-lint >/dev/null; then golangci-lint run; \
	else echo "check: golangci-lint is not installed, so only go vet looked ('make lint' builds it)"; fi

fmt:
	@out=$$(gofmt -l $$(find . -name '*.go' -not -path '*/node_modules/*')); \
	if [ -n "$$out" ]; then echo "gofmt would change:"; echo "$$out"; exit 1; fi

vet:
	go vet ./...

unit:
	go test $$(go list ./... | grep -vE '$(SLOW)')

lint: ## golangci-lint at the version we use (the first build takes minutes)
	go run $(GOLANGCI) run

generated: ## the generated code is what its source says
	@.ci/generated

bench: ## the benchmarks; bench/README.md tells how to read them
	go test -run='^$$' -bench=. -count=1 -timeout=30m ./bench/...

a11y: tools ## the pages judged by axe-core, by keyboard and without scripts
	@go test -list='^TestA11y' ./... | grep -q '^TestA11y' || { echo "a11y: no such test"; exit 1; }
	go test -count=1 -run='^TestA11y' ./...

vuln: ## known vulnerabilities; DB is a local copy of the Go vulnerability database
	@[ -d "$(DB)" ] || { echo "vuln: say where the database is: make vuln DB=folder"; exit 2; }
	go run $(GOVULNCHECK) -db "file://$(abspath $(DB))" ./...

# Nothing of the machine, the folder or the hour goes into the file: two builds
# of one commit with one toolchain are the same bytes.
release: ## a static program in dist/, the same bytes wherever it is built
	CGO_ENABLED=0 GOFLAGS= go build -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o dist/aval ./cmd/aval
	cd dist && sha256sum aval
