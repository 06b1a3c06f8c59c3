#include <benchmark/benchmark.h>

#include <string>

#include "head_guard.h"

// Reading the head of a tools/call. What the two rows differ in is the Authorization field: the part of a
// protected call's price that is no verification.

namespace authplane {
namespace {

std::string head_of_call(const std::string& authorization) {
  return "POST /mcp HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\n"
         "Accept: application/json, text/event-stream\r\n" +
         authorization + "Mcp-Session-Id: 0123456789abcdefghijklmnopqrstuv\r\nContent-Length: 97\r\n\r\n";
}

void read_head(benchmark::State& state, const std::string& head) {
  const GuardOptions limits;
  for (auto _ : state) {
    HeadScanner scanner(limits);
    const auto size = scanner.scan(head);
    if (!size || !*size) return state.SkipWithError("the head is not complete");
    auto parsed = parse_request_head(std::string_view(head).substr(0, **size), limits);
    if (!parsed) return state.SkipWithError(parsed.error().problem);
    benchmark::DoNotOptimize(parsed);
  }
  state.SetItemsProcessed(state.iterations());
}

void read_open_head(benchmark::State& state) {
  read_head(state, head_of_call(""));
}
BENCHMARK(read_open_head);

void read_protected_head(benchmark::State& state) {
  read_head(state, head_of_call("Authorization: Bearer " + std::string(500, 'a') + "\r\n"));
}
BENCHMARK(read_protected_head);

}  // namespace
}  // namespace authplane
