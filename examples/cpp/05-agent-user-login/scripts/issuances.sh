#!/usr/bin/env bash
# What the authorization server has issued in the demo user's name.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# shellcheck source=../../../../_shared/lib.sh
source ../../../_shared/lib.sh
resolve_env
# shellcheck source=lib.sh
source scripts/lib.sh
issuances --since 24h
