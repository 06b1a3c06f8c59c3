#!/usr/bin/env bash
# Every test that docs/threats.md names exists. Usage: tools/threat-tests.sh
set -euo pipefail
cd "$(dirname "$0")/.."

readonly document=docs/threats.md
tests=$(find authserver sdk mcp tests -name '*.cc' -exec cat {} + |
  tr '\n' ' ' | grep -oE '\bTEST(_F|_P)?\( *\w+, *\w+\)' | sed -E 's/^.*\( *(\w+), *(\w+)\)$/\1.\2/' | sort -u)
named=$(grep '^|' "$document" | grep -oE '`[A-Z]\w+\.[A-Z]\w+`' | tr -d '`' | sort -u)
missing=$(comm -13 <(echo "$tests") <(echo "$named"))
if [[ -n $missing ]]; then
  echo "$document names tests that do not exist; name those that try the attack now:" >&2
  echo "$missing" >&2
  exit 1
fi
echo "$document: $(echo "$named" | wc -l) tests, all there"
