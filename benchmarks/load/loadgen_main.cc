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

struct ProofOptions {
  std::string url;       // "" = no proofs
  std::string key_file;  // "" = a new key
  std::string token;     // goes along with each proof; "" = none
  std::size_t count = 30'000;
};

std::string read_file(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

Result<dpop::ProviderPtr> provider_of(const ProofOptions& options) {
  if (options.key_file.empty()) return dpop::Provider::generate();
  return dpop::Provider::from_pem(read_file(options.key_file));
}

// One request for each of `count` proofs of one key.
Result<std::vector<std::string>> requests_with_proofs(const Target& target, const RequestTemplate& request,
                                                      const ProofOptions& options) {
  const auto provider = provider_of(options);
  if (!provider) return Err(provider.error());
  std::vector<std::string> requests;
  requests.reserve(options.count);
  while (requests.size() < options.count) {
    const auto fields = (*provider)->headers(request.method, options.url, options.token);
    if (!fields) return Err(fields.error());
    RequestTemplate proven = request;
    proven.headers.insert(proven.headers.end(), fields->begin(), fields->end());
    requests.push_back(request_bytes(target, proven));
  }
  return requests;
}

// One request for each line of the file.
std::vector<std::string> requests_with_bodies(const Target& target, RequestTemplate request,
                                              const std::string& path) {
  std::vector<std::string> requests;
  std::ifstream file(path);
  while (std::getline(file, request.body)) requests.push_back(request_bytes(target, request));
  return requests;
}

// For the one request with a proof that another program sends.
int print_proof(const RequestTemplate& request, const ProofOptions& options) {
  const auto provider = provider_of(options);
  const auto proof =
      provider ? (*provider)->proof(request.method, options.url, options.token) : Err(provider.error());
  if (!proof) {
    std::cerr << "loadgen: " << proof.error().message << "\n";
    return 2;
  }
  std::cout << *proof << "\n";
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app("Closed-loop HTTP/1.1 load on a server of this machine. Prints one JSON object.");
  std::string url;
  std::string body_file;
  std::string bodies_file;
  std::vector<std::string> headers;
  RequestTemplate request;
  LoadOptions options;
  double seconds = 5;
  double warm_up = 1;
  int expected_status = 200;
  ProofOptions proofs;
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
  app.add_flag("--busy", options.busy, "never sleep, so that the server need not wake the client");
  app.add_option("-X,--method", request.method)->capture_default_str();
  app.add_option("-H,--header", headers, "\"Name: value\", repeatable");
  auto* body = app.add_option("-b,--body", request.body);
  app.add_option("--body-file", body_file, "read the body from a file")
      ->check(CLI::ExistingFile)
      ->excludes(body);
  app.add_option("--bodies", bodies_file, "one body a line; the run ends when each has been sent once")
      ->check(CLI::ExistingFile)
      ->excludes(body);
  app.add_option("--expect-status", expected_status, "only these count for requests_per_second")
      ->capture_default_str();
  auto* dpop = app.add_option("--dpop", proofs.url,
                              "send a DPoP proof for this URL with each request, made beforehand");
  app.add_option("--proofs", proofs.count, "how many; more requests than that fail as replays")
      ->needs(dpop)
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--dpop-key", proofs.key_file,
                 "PEM file with the key of the proofs; a new one when left out")
      ->needs(dpop)
      ->check(CLI::ExistingFile);
  app.add_option("--dpop-token", proofs.token, "access token to send with each proof")->needs(dpop);
  bool only_print = false;
  app.add_flag("--print-proof", only_print, "print one proof and send nothing")->needs(dpop);
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
  if (!body_file.empty()) request.body = read_file(body_file);
  if (only_print) return print_proof(request, proofs);
  if (raise_file_limit() < options.connections + 16) {
    std::cerr << "loadgen: too few file descriptors for that many connections; raise ulimit -Hn\n";
    return 2;
  }
  using Seconds = std::chrono::duration<double>;
  options.duration = std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
  options.warm_up = std::chrono::duration_cast<Clock::duration>(Seconds(warm_up));
  Result<std::vector<std::string>> requests = std::vector{request_bytes(*target, request)};
  if (!proofs.url.empty()) requests = requests_with_proofs(*target, request, proofs);
  if (!bodies_file.empty()) requests = requests_with_bodies(*target, request, bodies_file);
  options.once = !bodies_file.empty();
  if (requests && requests->empty()) {
    std::cerr << "loadgen: " << bodies_file << " is empty\n";
    return 2;
  }
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
