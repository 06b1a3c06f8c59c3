# What every example's Makefile shares. The including file sets TIER_TARGETS (CMake targets to build), TIER_PROCS
# (background processes besides the authorization server), names in EXTRA_TARGETS what it adds to these, and defines run.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
SHARED := $(dir $(lastword $(MAKEFILE_LIST)))
ROOT := $(abspath $(SHARED)/..)
BUILD_TYPE ?= release
BUILD_DIR ?= $(ROOT)/build/$(BUILD_TYPE)
COMPOSE_PROJECT_NAME ?= authplane_$(subst -,_,$(lastword $(subst /, ,$(CURDIR))))
NEEDS_AS ?= yes
RUN_DIR ?= .run
export RUN_DIR AS_CONTAINER COMPOSE_PROJECT_NAME SHARED BUILD_DIR

.PHONY: help run check-prereqs build verify status logs clean distclean docker-run docker-clean

help:
	@echo "make run | verify | status | logs | clean | distclean | docker-run | docker-clean | check-prereqs$(if $(EXTRA_TARGETS), | $(EXTRA_TARGETS))"

.env:
	@cp .env.example .env && echo "created .env from .env.example"

check-prereqs:
	@$(SHARED)/check-prereqs.sh

build:
	@test -f "$(BUILD_DIR)/build.ninja" || { echo "first build: this takes some minutes"; cmake -S "$(ROOT)" --preset $(BUILD_TYPE) >/dev/null; }
	@log=$$(cmake --build "$(BUILD_DIR)" --target authserver $(TIER_TARGETS)) || { echo "$$log"; exit 1; }; tail -n 1 <<<"$$log"
	@mkdir -p "$(RUN_DIR)"

verify:
	@scripts/verify.sh

status:
	@$(if $(filter yes,$(NEEDS_AS)),$(SHARED)/native-as.sh status || true,:)
	@for p in $(TIER_PROCS); do $(SHARED)/native-proc.sh status $$p || true; done

logs:
	@$(if $(filter yes,$(NEEDS_AS)),echo "=== authserver ===" && $(SHARED)/native-as.sh logs,:)
	@for p in $(TIER_PROCS); do echo "=== $$p ==="; $(SHARED)/native-proc.sh logs $$p; done

clean:
	@for p in $(TIER_PROCS); do $(SHARED)/native-proc.sh stop $$p; done
	@$(if $(filter yes,$(NEEDS_AS)),$(SHARED)/native-as.sh stop,:)
	@rm -rf "$(RUN_DIR)"

distclean: clean
	@rm -f .env .env.docker

.env.docker: .env.docker.example
	@cp .env.docker.example .env.docker && echo "created .env.docker from .env.docker.example"

docker-clean:
	@docker compose down -v --remove-orphans
	@rm -f .env.docker
