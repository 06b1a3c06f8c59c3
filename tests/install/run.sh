#!/usr/bin/env bash
# run.sh <build folder> <examples folder> <compiler> [sanitizers]
set -euo pipefail
build=$1 examples=$2 compiler=$3 sanitize=${4-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=${sanitize:+-fsanitize=$sanitize}

cmake --install "$build" --prefix "$work/prefix" >/dev/null
for tier in 01-mcp-server-basic 02-agent-basic 03-dpop 04-broker-github 05-agent-user-login retrofit-existing-mcp-server; do
  (cd "$examples" && find "$tier" \( -name CMakeLists.txt -o -name '*.cpp' \) -exec cp --parents {} "$work" \;)
  cmake -S "$work/$tier" -B "$work/$tier/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_CXX_FLAGS="$flags" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
  cmake --build "$work/$tier/build" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
done

# The copies run: without settings they end with exit code 1 and name the variable they miss.
for binary in 01-mcp-server-basic/build/mcp-server-basic 02-agent-basic/build/agent-basic 03-dpop/build/dpop-server \
  03-dpop/build/dpop-agent 04-broker-github/build/broker-server 04-broker-github/build/broker-agent; do
  if env -u AUTHPLANE_ISSUER "$work/$binary" >"$work/out" 2>&1; then
    echo "$binary: expected exit code 1 without AUTHPLANE_ISSUER"
    exit 1
  fi
  grep -q AUTHPLANE_ISSUER "$work/out" || { echo "$binary does not name the missing variable:"; cat "$work/out"; exit 1; }
done
"$work/prefix/bin/authserver" version
echo "copies of the examples build and run against the installed package"
