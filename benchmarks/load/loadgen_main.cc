// loadgen: closed-loop HTTP/1.1 load on a server of this machine; prints one JSON object.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <authplane/dpop/provider.h>

#include "benchmarks/load/load_generator.h"

namespace authplane::bench {
namespace {

nlohmann::ordered_json to_json(const LatencySummary& latency) {
  return {{"p50", latency.p50}, {"p99", latency.p99}, {"p999", latency.p999}, {"max", latency.max}};
}

nlohmann::ordered_json to_json(const LoadReport& report, std::size_t connections, int expected_status) {
  nlohmann::ordered_json statuses = nlohmann::ordered_json::object();
  std::uint64_t unexpected = 0;
  for (const auto& [status, count] : report.statuses) {
    statuses[std::to_string(status)] = count;
    if (status != expected_status) unexpected += count;
  }
  return {{"connections", connections},
          {"seconds", report.seconds},
          {"requests", report.requests},
          {"requests_per_second", static_cast<double>(report.requests - unexpected) / report.seconds},
          {"latency_ms", to_json(report.latency)},
          {"connect_ms", to_json(report.connect)},
          {"statuses", statuses},
          {"errors",
           {{"unexpected_status", unexpected},
            {"connect", report.connect_failures},
            {"closed_early", report.closed_early},
            {"malformed", report.malformed}}},
          {"reconnects", report.reconnects},
          {"never_served", report.never_served},
          {"waiting_at_end", report.waiting_at_end},
          {"waiting_over_1s", report.waiting_over_1s}};
}

// One request for each of `count` proofs of a new key.
Result<std::vector<std::string>> requests_with_proofs(const Target& target, const RequestTemplate& request,
                                                      const std::string& url, std::size_t count) {
  const auto key = dpop::Provider::generate();
  if (!key) return Err(key.error());
  std::vector<std::string> requests;
  requests.reserve(count);
  while (requests.size() < count) {
    const auto proof = (*key)->proof(request.method, url);
    if (!proof) return Err(proof.error());
    RequestTemplate proven = request;
    proven.headers.emplace_back("DPoP", *proof);
    requests.push_back(request_bytes(target, proven));
  }
  return requests;
}

int run(int argc, char** argv) {
  CLI::App app("Closed-loop HTTP/1.1 load on a server of this machine. Prints one JSON object.");
  std::string url;
  std::string body_file;
  std::vector<std::string> headers;
  RequestTemplate request;
  LoadOptions options;
  double seconds = 5;
  double warm_up = 1;
  int expected_status = 200;
  std::string proof_url;
  std::size_t proofs = 30'000;
  app.add_option("url", url, "http://127.0.0.1:PORT/PATH")->required();
  app.add_option("-c,--connections", options.connections)
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  app.add_option("-d,--duration", seconds, "measured seconds")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app.add_option("-w,--warm-up", warm_up, "seconds before")
      ->check(CLI::Range(0.0, 600.0))
      ->capture_default_str();
  app.add_option("-X,--method", request.method)->capture_default_str();
  app.add_option("-H,--header", headers, "\"Name: value\", repeatable");
  auto* body = app.add_option("-b,--body", request.body);
  app.add_option("--body-file", body_file, "read the body from a file")
      ->check(CLI::ExistingFile)
      ->excludes(body);
  app.add_option("--expect-status", expected_status, "only these count for requests_per_second")
      ->capture_default_str();
  app.add_option("--dpop", proof_url, "send a DPoP proof for this URL with each request, made beforehand");
  app.add_option("--proofs", proofs, "how many; more requests than that fail as replays")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const auto target = parse_target(url);
  if (!target) {
    std::cerr << "loadgen: " << target.error().message << "\n";
    return 2;
  }
  for (const std::string& text : headers) {
    auto header = parse_header(text);
    if (!header) {
      std::cerr << "loadgen: " << header.error().message << "\n";
      return 2;
    }
    request.headers.push_back(*std::move(header));
  }
  if (!body_file.empty()) {
    std::ostringstream content;
    content << std::ifstream(body_file, std::ios::binary).rdbuf();
    request.body = content.str();
  }
  if (raise_file_limit() < options.connections + 16) {
    std::cerr << "loadgen: too few file descriptors for that many connections; raise ulimit -Hn\n";
    return 2;
  }
  using Seconds = std::chrono::duration<double>;
  options.duration = std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
  options.warm_up = std::chrono::duration_cast<Clock::duration>(Seconds(warm_up));
  Result<std::vector<std::string>> requests = std::vector{request_bytes(*target, request)};
  if (!proof_url.empty()) requests = requests_with_proofs(*target, request, proof_url, proofs);
  if (!requests) {
    std::cerr << "loadgen: " << requests.error().message << "\n";
    return 2;
  }
  const LoadReport report = LoadGenerator(*target, std::move(*requests), options).run();
  std::cout << to_json(report, options.connections, expected_status).dump(2) << "\n";
  return report.requests > 0 ? 0 : 1;
}

}  // namespace
}  // namespace authplane::bench

int main(int argc, char** argv) {
  return authplane::bench::run(argc, argv);
}
