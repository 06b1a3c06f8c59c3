#!/usr/bin/env bash
# browser_login.sh <authserver> <folder for pictures>: people sign in and answer for their consent in Chromium, see
# browser_login.py. Without Chromium it checks nothing and says so.
set -euo pipefail
# shellcheck source=../interop/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../interop/lib.sh"
chromium=$(command -v "${CHROMIUM:-chromium}") || _skip "login and consent in a browser" \
  "chromium is not installed; on Debian: apt-get install chromium"

start_authserver authserver "$1"
create_user jane@example.com
admin /admin/resources '{"slug": "notes", "uri": "https://notes.example/mcp", "backend_kind": "mint",
  "display_name": "Company notes", "scopes": [{"name": "notes:read", "description": "Read all your notes"},
  {"name": "notes:write", "description": "Change and delete your notes"}]}' >/dev/null
"$PYTHON" "$root/tests/e2e/browser_login.py" "$chromium" "$issuer" https://notes.example/mcp notes:read notes:write "$2"
