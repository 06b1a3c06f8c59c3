#!/usr/bin/env bash
# What the stand-in has been asked so far; it shows secrets as right or wrong only.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# shellcheck source=../../../../_shared/lib.sh
source ../../../_shared/lib.sh
# shellcheck source=lib.sh
source scripts/lib.sh
resolve_tier
[[ $UPSTREAM == standin ]] || die "UPSTREAM is $UPSTREAM" "only the stand-in tells"
curl -s --max-time 5 "$GH_URL/_control/requests" | jq .
