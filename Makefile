# Every target that a person may want carries a "#?" line; `make` prints them.

GO       ?= go
VERSION  ?= $(shell git describe --tags --dirty 2>/dev/null || echo 0.1.0-dev+$$(git rev-parse --short HEAD 2>/dev/null))
PREFIX   ?= /usr/local
DESTDIR  ?=
PACKAGES ?= bin
BUILT    ?= bin
FUZZTIME ?= 5m

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.8.0
NFPM        := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0
LDFLAGS     := -s -w -X main.version=$(VERSION)

.DEFAULT_GOAL := help
.PHONY: help build test race demo reload-soak interop docs usecases pictures machine bench scale fuzz lint cover install packages clean deps

help:
	@sed -n 's/^#? //p' $(MAKEFILE_LIST) | awk -F': ' '{printf "  %-11s %s\n", $$1, $$2}'

#? build: build bin/bmc-gateway
build:
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BUILT)/bmc-gateway ./cmd/bmc-gateway

#? demo: two vCenter simulators, two tenants, BMCs on 127.x; needs nothing but Go
demo: build
	$(BUILT)/bmc-gateway demo

#? test: the whole test suite; installs the Debian packages it needs when it can
test: deps
	$(GO) test -count=1 -timeout 15m ./...

#? race: the whole test suite under the race detector (needs a C compiler)
race: deps
	CGO_ENABLED=1 $(GO) test -race -count=1 -timeout 20m ./...

#? reload-soak: a thousand reloads while clients poll, under the race detector; some four minutes
reload-soak:
	@out=$$(CGO_ENABLED=1 BMC_GATEWAY_RELOADS=1000 $(GO) test -race -count=1 -timeout 30m -v -run TestReloadSoak ./gateway); status=$$?; \
		echo "$$out" | grep -v level=; exit $$status

#? interop: stock IPMI clients against the gateway; writes docs/reference/compatibility.md
interop: deps
	@$(GO) test -count=1 -timeout 5m ./cmd/bmc-gateway/interop -run TestInterop -update; status=$$?; \
		sed -n '/interop: written/,/interop: end/p' docs/reference/compatibility.md; exit $$status

#? docs: what README and docs show, executed page by page (root)
docs: deps
	CI=true $(GO) test -count=1 -timeout 10m ./cmd/bmc-gateway/docstest

#? usecases: fencing, provisioning and DPM with real programs; prints a table and writes docs/reference/compatibility.md
usecases: deps
	@mkdir -p bin; rm -f bin/usecases.txt; \
		CI=true $(GO) test -count=1 -timeout 10m ./cmd/bmc-gateway/usecases -update -table $(CURDIR)/bin/usecases.txt; status=$$?; \
		cat bin/usecases.txt; exit $$status

#? pictures: the status page and the dashboard of a daemon that works, in docs/pictures; three minutes
pictures: deps
	$(GO) test -count=1 -timeout 9m -v -run TestPictures ./cmd/bmc-gateway/browser -pictures

#? machine: package, systemd unit and VLANs in a virtual machine (root; qemu; six minutes, no KVM needed)
machine:
	@sh .ci/deps machine
	CGO_ENABLED=0 $(GO) test -count=1 -timeout 1h -v -run TestMachine ./cmd/bmc-gateway/machine -machine $(CURDIR)/bin/machine

#? bench: what a BMC costs beside an echo server and ipmi_sim, then all benchmarks; two minutes
bench:
	$(GO) build -o bin/bench ./cmd/bmc-gateway/bench
	bin/bench
	$(GO) test -run '^$$' -bench . -benchmem -benchtime 0.5s ./ipmi/... ./gateway/address ./gateway/listen ./metrics ./vsphere ./cmd/bmc-gateway/page

#? scale: 10,000 BMCs in a namespace, from a cold start, and what they need of memory (root)
scale: deps
	$(GO) test -count=1 -v -timeout 9m ./cmd/bmc-gateway/e2e -run TestManyBMCs -vms 10000

#? fuzz: every fuzz target for FUZZTIME (5m) each
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "== $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg; \
		done; \
	done

#? lint: gofmt, vet, staticcheck, and govulncheck where its database can be reached
lint:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
		if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	@if out=$$($(GO) run $(GOVULNCHECK) ./... 2>&1); then echo "$$out"; \
		elif echo "$$out" | grep -q 'vuln.go.dev'; then echo "govulncheck: its database cannot be reached from here, skipped"; \
		else echo "$$out"; exit 1; fi

#? cover: test coverage by function, and cover.html
cover: deps
	$(GO) test -count=1 -coverpkg ./... -coverprofile cover.out ./...
	$(GO) tool cover -func cover.out | tail -1
	$(GO) tool cover -html cover.out -o cover.html

#? install: binary, systemd unit, manual pages, completions and the example under PREFIX (/usr/local); DESTDIR is honoured
install: build
	install -D -m 0755 $(BUILT)/bmc-gateway $(DESTDIR)$(PREFIX)/bin/bmc-gateway
	install -D -m 0644 deploy/config.example.yaml $(DESTDIR)$(PREFIX)/share/doc/bmc-gateway/config.example.yaml
	install -D -m 0644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/bmc-gateway/copyright
	install -D -m 0644 deploy/systemd/bmc-gateway.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/bmc-gateway.conf
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@PREFIX@|$(PREFIX)|' deploy/systemd/bmc-gateway.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/bmc-gateway.service
	$(BUILT)/bmc-gateway man --date $$(git log -1 --format=%cs 2>/dev/null || date +%F) $(DESTDIR)$(PREFIX)/share/man/man8
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions zsh/vendor-completions fish/vendor_completions.d)
	$(BUILT)/bmc-gateway completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/bmc-gateway
	$(BUILT)/bmc-gateway completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_bmc-gateway
	$(BUILT)/bmc-gateway completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/bmc-gateway.fish

# As Debian and rpm sort versions: 0.9.0-3-gabc becomes 0.9.0+3.gabc, and 0.1.0-dev comes before 0.1.0.
PKGVERSION = $(shell echo '$(VERSION)' | sed -E 's/^v//; s/-dev/~dev/; s/-/+/; s/-/./g')

#? packages: deb and rpm in bin/
packages: export STAGE ?= bin/stage
packages: export GOARCH = $(shell $(GO) env GOARCH)
packages:
	rm -rf $(STAGE)
	$(MAKE) --no-print-directory install PREFIX=/usr DESTDIR=$(STAGE)
	gzip -9n $(STAGE)/usr/share/man/man8/*.8
	for kind in deb rpm; do VERSION='$(PKGVERSION)' $(GO) run $(NFPM) package -f deploy/package/nfpm.yaml -p $$kind -t $(PACKAGES) || exit 1; done

#? clean: what the other targets made
clean:
	rm -rf bin cover.out cover.html

# The real clients and the network tools the tests drive. Where they cannot be
# installed, the tests that need them say so and skip; in CI they fail.
deps:
	@sh .ci/deps
