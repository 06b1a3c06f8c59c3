# The front door. Each line calls a CMake preset or a tool; see CONTRIBUTING.md for the rest.
PRESET ?= release
BUILD := build/$(PRESET)

.PHONY: help deps build demo test test-sanitized test-boundary test-threads race fuzz bench conformance interop loc lint fmt install clean
help:
	@sed -nE 's/^# ([a-z-]+): (.*)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 24

# deps: install missing Debian packages, or print the line that does
deps:
	@tools/deps.sh

$(BUILD)/build.ninja:
	@cmake --preset $(PRESET)

# build: everything, optimised
build: deps $(BUILD)/build.ninja
	@cmake --build $(BUILD)

# demo: bring up authorization server, MCP server and agent, check every step
demo: deps $(BUILD)/build.ninja
	@cmake --build $(BUILD) --target authserver mcp-server-basic agent-basic
	@BUILD_DIR="$(CURDIR)/$(BUILD)" tools/demo.sh

# test: unit, store conformance, end-to-end, loccount, install
test: build
	@ctest --preset $(PRESET)

# test-sanitized: the same suites under AddressSanitizer and UndefinedBehaviorSanitizer
test-sanitized: deps
	@$(MAKE) --no-print-directory PRESET=asan-ubsan test

# test-boundary: of those the suites of what takes the bytes of strangers apart: parsers, tokens, proofs, cookies, framing
BOUNDARY = base_test json_test jose_test dpop_test identity_test sealing_test http_beast_test
test-boundary: deps
	@test -f build/asan-ubsan/build.ninja || cmake --preset asan-ubsan
	@cmake --build build/asan-ubsan --target $(BOUNDARY)
	@ctest --preset asan-ubsan -R '^($(subst $() ,|,$(BOUNDARY)))$$'

# test-threads: the same suites under ThreadSanitizer
test-threads: deps
	@$(MAKE) --no-print-directory PRESET=tsan test

# race: every race between threads, ROUNDS=1000 times each (PRESET=tsan: under ThreadSanitizer)
ROUNDS ?= 1000
RACES = $(addprefix $(BUILD)/,sdk/src/resource/resource_test authserver/http/http_test authserver/http/token_race_test authserver/http/exchange_race_test \
  authserver/broker/broker_race_test authserver/storage/memory/storage_memory_test authserver/storage/sqlite/storage_sqlite_test)
race: deps $(BUILD)/build.ninja
	@cmake --build $(BUILD) --target $(notdir $(RACES))
	@for test in $(RACES); do AUTHPLANE_TEST_RACE_ROUNDS=$(ROUNDS) $$test --gtest_brief=1 || exit 1; done

# fuzz: libFuzzer over what comes from outside, RUNS=10000000 inputs each (needs clang-14, libclang-rt-14-dev)
RUNS ?= 10000000
fuzz: deps
	@tests/fuzz/run.sh $(RUNS)

# bench: one table of ratios, measured now
bench: build
	@benchmarks/run.sh $(BUILD)

# conformance: the official MCP suite against a server and an agent built on this library, and against authserver (needs npm)
conformance: build
	@tests/conformance/run.sh $(CURDIR)/$(BUILD)/tests/conformance/mcp_conformance_server
	@tests/conformance/agent.sh $(BUILD)/tests/conformance/mcp_conformance_agent
	@tests/conformance/authorization.sh $(BUILD)/authserver/cli/authserver

# interop: against software of others: PyJWT, jose, openssl; with npm oauth4webapi, dpop, openid-client, oauth2-client, MCP client
INTEROP_BINARIES = $(addprefix $(BUILD)/,authserver/cli/authserver examples/cpp/03-dpop/dpop-server tests/interop/interop_agent)
interop: deps $(BUILD)/build.ninja
	@cmake --build $(BUILD) --target interop_agent interop_elicitation_server mcp-server-basic
	@tests/interop/run.sh $(BUILD)/authserver/cli/authserver
	@tests/interop/dpop.sh $(INTEROP_BINARIES)
	@tests/interop/npm.sh $(INTEROP_BINARIES) "$(CURDIR)/$(BUILD)"
	@tests/interop/users.sh $(BUILD)/authserver/cli/authserver $(BUILD)/examples/cpp/01-mcp-server-basic/mcp-server-basic \
	  $(BUILD)/examples/cpp/03-dpop/dpop-server "$(CURDIR)/$(BUILD)"
	@tests/interop/elicitation.sh $(BUILD)/tests/interop/interop_elicitation_server "$(CURDIR)/$(BUILD)"

# loc: auth lines of the examples against their budgets, diffs in their READMEs against their sources
loc: deps $(BUILD)/build.ninja
	@cmake --build $(BUILD) --target loccount >/dev/null
	@$(BUILD)/tools/loccount/loccount --check --budget --max-width 110
	@tools/readme-diffs.sh --check examples/cpp/*/README.md

# lint: shell scripts and clang-tidy
lint:
	@shellcheck -x -P SCRIPTDIR $$(git ls-files '*.sh')
	@run-clang-tidy-14 -quiet -p build/dev '(sdk|mcp|authserver|tools)/.*\.cc$$'

# fmt: clang-format over everything
fmt:
	@git ls-files '*.cc' '*.h' '*.cpp' | grep -v '^examples/' | xargs clang-format-14 -i

# install: headers, libraries, CMake package and authserver (PREFIX=/usr/local)
install: build
	@cmake --install $(BUILD) $(if $(PREFIX),--prefix $(PREFIX))

# clean: everything that was built
clean:
	@rm -rf build
