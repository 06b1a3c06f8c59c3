#!/usr/bin/env bash
# agent.sh <mcp_conformance_agent binary>: every scenario of the public MCP conformance suite for clients, against an agent
# built on this library; one line for each. Needs npm once, as run.sh does, and is SKIPPED without it. Results stay in
# build/conformance/agent.
#
# Our client speaks MCP up to 2025-11-25: a scenario of that revision runs as it is, one of 2025-03-26 alone in that
# revision, and one that came later, or is an extension, over 2025-11-25, where its rules of authorization are the same.
# What is not supported stands in agent_expected_failures.txt, each with its reason; one that passes all the same is a failure
# of that list.
set -euo pipefail
# shellcheck disable=SC2034
name=mcp-conformance-agent
# shellcheck source=suite.sh
source "$(dirname "$0")/suite.sh"
agent=$(realpath "$1")
expected=$(dirname "$0")/agent_expected_failures.txt
install_suite
results=$suite_work/agent
rm -rf "$results" && mkdir -p "$results"
$suite list --client >"$results/list.txt" 2>&1 || {
  echo "FAIL $name (the suite does not start, see $results/list.txt)"
  exit 1
}

# passes SCENARIO VERSIONS: whether it succeeded, without warnings.
passes() {
  local -a wire=(--spec-version 2025-11-25)
  case $2 in
    *2025-11-25*) ;;
    *2025-03-26*) wire=(--spec-version 2025-03-26) ;;
    *) wire+=(--force) ;;
  esac
  local log=$results/${1//\//_}.log
  $suite client --command "$agent" --scenario "$1" "${wire[@]}" --timeout 20000 -o "$results" >"$log" 2>&1 || return 1
  grep -q '"status": *"SUCCESS"' "$results/$1"-*/checks.json &&
    ! grep -qE '"status": *"(FAILURE|WARNING)"' "$results/$1"-*/checks.json
}

total=0 good=0 failed=0
while read -r scenario versions; do
  total=$((total + 1))
  reason=$(sed -n "s|^$scenario: ||p" "$expected")
  if passes "$scenario" "$versions"; then
    if [ -z "$reason" ]; then
      good=$((good + 1))
      echo "ok $scenario"
    else
      failed=$((failed + 1))
      echo "FAIL $scenario (it passes, and agent_expected_failures.txt says it cannot)"
    fi
  elif [ -n "$reason" ]; then
    echo "not supported: $scenario ($reason)"
  else
    failed=$((failed + 1))
    echo "FAIL $scenario (see $results/${scenario//\//_}.log)"
  fi
done < <(sed -nE 's/^  - ([^ ]+) \[(.*)\]$/\1 \2/p' "$results/list.txt")
echo "$good of $total scenarios passed, $failed failed (suite $suite_version)"
((total >= 48 && failed == 0))
