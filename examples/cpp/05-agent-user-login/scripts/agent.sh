#!/usr/bin/env bash
# The agent by hand, against the servers that make run has started.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# shellcheck source=../../../../_shared/lib.sh
source ../../../_shared/lib.sh
resolve_env
# shellcheck source=lib.sh
source scripts/lib.sh
[[ -x $RUN_DIR/agent ]] || die "the agent is not built" "make run"
echo "sign in as $DEMO_USER_EMAIL with the password $DEMO_USER_PASSWORD"
exec "$RUN_DIR"/agent
