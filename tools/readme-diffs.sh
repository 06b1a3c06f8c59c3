#!/usr/bin/env bash
# readme-diffs.sh [--check] README...: renews the diffs in them, so that no README shows code that is not there.
# A diff stands between two lines of this form; paths are relative to the README, and --auth compares only what is
# between the // authplane markers:
#   <!-- diff:begin [--auth] OLD NEW -->
#   <!-- diff:end -->
# With --check nothing is written: exit 1 and the name of every README that is stale.
set -uo pipefail
check=''
[[ ${1-} == --check ]] && check=yes && shift
(($#)) || { echo "usage: readme-diffs.sh [--check] README..." >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# auth_lines FILE: its includes of the SDK and its marked regions.
auth_lines() { sed -n -e '/^#include <authplane\//p' -e '/^ *\/\/ authplane:begin/,/^ *\/\/ authplane:end/p' "$1"; }

# show_diff FOLDER [--auth] OLD NEW
show_diff() {
  local old new lines=1
  cd "$1" || return 1
  shift
  [[ ${1-} == --auth ]] && lines=1000 && shift
  [[ $# -eq 2 && -f $1 && -f $2 ]] || { echo "readme-diffs: no such files: $*" >&2; return 1; }
  old=$1 new=$2
  if ((lines > 1)); then
    auth_lines "$1" >"$work/old"
    auth_lines "$2" >"$work/new"
    old=$work/old new=$work/new
  fi
  echo '```diff'
  diff -U "$lines" --label "$1" --label "$2" "$old" "$new" | sed -E 's/^@@ .*/@@/; s/^ $//'
  echo '```'
}

# renewed README: its text with every diff made anew.
renewed() {
  local line inside='' words folder
  folder=$(dirname "$1")
  while IFS= read -r line; do
    if [[ $line == '<!-- diff:end -->' ]]; then inside=''; fi
    [[ -n $inside ]] || printf '%s\n' "$line"
    if [[ $line =~ ^'<!-- diff:begin '(.+)' -->'$ ]]; then
      inside=yes
      read -ra words <<<"${BASH_REMATCH[1]}"
      (show_diff "$folder" "${words[@]}") || return 1
    fi
  done <"$1"
  [[ -z $inside ]] || { echo "readme-diffs: $1: diff:begin without diff:end" >&2; return 1; }
}

stale=0
for readme in "$@"; do
  renewed "$readme" >"$work/new-readme" || exit 1
  cmp -s "$work/new-readme" "$readme" && continue
  if [[ -n $check ]]; then
    echo "stale diff in $readme (run tools/readme-diffs.sh $readme)" >&2
    stale=1
  else
    cat "$work/new-readme" >"$readme"
    echo "renewed $readme"
  fi
done
exit $stale
