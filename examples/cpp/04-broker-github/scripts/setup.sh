#!/usr/bin/env bash
# What make run registers, at an authorization server that runs already.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# shellcheck source=../../../../_shared/lib.sh
source ../../../_shared/lib.sh
# shellcheck source=lib.sh
source scripts/lib.sh
resolve_tier
mkdir -p "$RUN_DIR"
set_up
