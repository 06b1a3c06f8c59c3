#!/usr/bin/env bash
# run.sh [runs] [fuzzer...]: builds the fuzzers and runs each that often, alone on one core. New inputs are kept under
# build/fuzz/corpus; one that fails is written to build/fuzz/found and ends the run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-10000000}
shift || true
fuzzers=("$@")
((${#fuzzers[@]})) || fuzzers=(proof signed_proof target_uri challenge form url redirect_uri safe_redirect cookie
  session_cookie client_authentication pkce client_document identity_assertion public_api)

if ! command -v clang++-14 >/dev/null || ! compgen -G '/usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a' >/dev/null; then
  echo "fuzzing needs clang with libFuzzer; run: sudo apt-get install -y --no-install-recommends clang-14 libclang-rt-14-dev" >&2
  exit 1
fi
[[ -f build/fuzz/build.ninja ]] || cmake --preset fuzz >/dev/null
cmake --build build/fuzz --target "${fuzzers[@]/%/_fuzzer}"

mkdir -p build/fuzz/found
for name in "${fuzzers[@]}"; do
  grown=build/fuzz/corpus/$name
  mkdir -p "$grown"
  case $name in
    proof | signed_proof | target_uri | challenge) dict=proof.dict ;;
    *) dict=web.dict ;;
  esac
  echo "== $name: $runs runs"
  "build/fuzz/tests/fuzz/${name}_fuzzer" -runs="$runs" -max_len=8300 -entropic=0 -timeout=10 -dict="tests/fuzz/$dict" \
    -artifact_prefix=build/fuzz/found/ -print_final_stats=1 -print_funcs=0 -verbosity=0 "$grown" "tests/fuzz/corpus/$name"
done
