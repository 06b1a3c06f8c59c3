#!/usr/bin/env bash
# check-prereqs.sh [--json]: lists every missing prerequisite at once, with the line that installs it.
# Docker is looked at only with AS_MODE=docker. Exit 0 when all is there, else 1.
set -uo pipefail
missing=() found=()

version_at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }
need() { # name minimum seen hint
  if [[ -z $3 ]]; then
    missing+=("$1 not found: $4")
  elif [[ -n $2 ]] && ! version_at_least "$3" "$2"; then
    missing+=("$1 $3 is too old, need $2: $4")
  else
    found+=("$1 $3")
  fi
}
number() { grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1; }

need curl 7.33 "$(curl --version 2>/dev/null | number)" "apt-get install curl"
need jq 1.5 "$(jq --version 2>/dev/null | sed 's/^jq-//' | number)" "apt-get install jq"
need cmake 3.25 "$(cmake --version 2>/dev/null | number)" "apt-get install cmake ninja-build"
need ninja 1.10 "$(ninja --version 2>/dev/null | number)" "apt-get install ninja-build"
compiler=${CXX:-c++}
need "C++ compiler ($compiler)" "" "$($compiler -dumpfullversion -dumpversion 2>/dev/null)" "apt-get install g++"
if command -v "$compiler" >/dev/null 2>&1; then
  echo 'int main(){}' | $compiler -std=c++20 -x c++ -fsyntax-only - 2>/dev/null || missing+=("$compiler has no C++20: apt-get install g++ (12 or newer)")
  printf '#include <openssl/opensslv.h>\nOPENSSL_VERSION_TEXT\n' | $compiler -E -x c++ - >/dev/null 2>&1 || missing+=("OpenSSL headers not found: apt-get install libssl-dev")
fi
if [[ ${NEEDS_PYTHON-} == yes ]]; then
  python=${PYTHON:-/usr/bin/python3}
  need "python3 with PyJWT" 2 "$("$python" -c 'import cryptography, jwt; print(jwt.__version__)' 2>/dev/null)" "apt-get install python3-jwt python3-cryptography"
fi
if [[ ${NEEDS_PYTHON-} == any ]]; then
  need python3 3.8 "$(python3 --version 2>/dev/null | number)" "apt-get install python3"
fi
if [[ ${AS_MODE:-native} == docker ]]; then
  need docker 24 "$(docker --version 2>/dev/null | number)" "see https://docs.docker.com/engine/install/"
  if command -v docker >/dev/null 2>&1 && ! docker info >/dev/null 2>&1; then missing+=("docker is installed but its daemon is not running"); fi
fi

if [[ ${1-} == --json ]]; then
  printf '{"found":%s,"missing":%s}\n' "$(printf '%s\n' "${found[@]}" | jq -R . | jq -sc 'map(select(. != ""))')" \
    "$(printf '%s\n' "${missing[@]-}" | jq -R . | jq -sc 'map(select(. != ""))')"
else
  for line in "${found[@]}"; do echo "  ok      $line"; done
  for line in "${missing[@]-}"; do [[ -n $line ]] && echo "  missing $line" >&2; done
fi
((${#missing[@]} == 0))
