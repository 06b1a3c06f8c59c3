#!/usr/bin/env bash
# The agent by hand, for the user of make login.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# shellcheck source=../../../../_shared/lib.sh
source ../../../_shared/lib.sh
# shellcheck source=lib.sh
source scripts/lib.sh
resolve_tier
[[ -x $RUN_DIR/agent ]] || die "the agent is not built" "make run"
[[ -f $RUN_DIR/user.env ]] || die "nobody has signed in" "make login"
load_dotenv "$RUN_DIR/user.env"
load_dotenv "$RUN_DIR/acting-client.env"
exec "$RUN_DIR"/agent
