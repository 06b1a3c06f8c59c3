#!/usr/bin/env bash
# Installs what building and testing need, on Debian and its kin. Without the right to install it prints the one line
# to run. Exit 0 when everything is there.
set -euo pipefail
packages=(
  g++ cmake ninja-build ccache pkg-config make
  libssl-dev nlohmann-json3-dev libcpp-httplib-dev libboost1.81-dev libboost-url1.81-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  libsqlite3-dev libyaml-cpp-dev libcli11-dev libspdlog-dev prometheus-cpp-dev libargon2-dev libcrypt-dev
  curl jq openssl sqlite3 python3 python3-jwt python3-cryptography jose
)
if ! command -v dpkg-query >/dev/null; then
  echo "this is no Debian system: install the equivalents of: ${packages[*]}" >&2
  echo "(the list with a reason for each stands in docs/dependencies.md)" >&2
  exit 0
fi
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
((${#missing[@]})) || exit 0

install="apt-get install -y --no-install-recommends ${missing[*]}"
if ((EUID == 0)); then
  as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=(sudo)
else
  printf 'missing packages; run this, then try again:\n  sudo %s\n' "$install" >&2
  exit 1
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
