// connhold: holds idle or slow connections on a server of this machine and probes it; prints one JSON object.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "benchmarks/load/connection_holder.h"

namespace authplane::bench {
namespace {

template <class Value>
nlohmann::ordered_json or_null(const std::optional<Value>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json to_json(const HoldReport& report, const HoldOptions& options) {
  return {{"asked", options.connections},
          {"held", report.held},
          {"refused", report.refused},
          {"still_open", report.still_open},
          {"setup_seconds", report.setup_seconds},
          {"probes_answered", report.probes_answered},
          {"probes_refused", report.probes_refused},
          {"probes_silent", report.probes_silent},
          {"probe_ms",
           {{"p50", report.probe_latency.p50},
            {"p99", report.probe_latency.p99},
            {"max", report.probe_latency.max}}},
          {"refusal_max_ms", report.refusal_latency.max},
          {"idle_cpu_cores", or_null(report.idle_cpu_cores)},
          {"bytes_per_connection", or_null(report.bytes_per_connection)},
          {"resident_kilobytes", or_null(report.resident_kilobytes)}};
}

int run(int argc, char** argv) {
  CLI::App app(
      "Holds idle or slow connections on a server of this machine and probes it. Prints one JSON object.");
  const std::map<std::string, HoldMode> modes = {
      {"silent", HoldMode::silent}, {"keepalive", HoldMode::keepalive}, {"slow", HoldMode::slow}};
  std::string url;
  std::vector<std::string> headers;
  RequestTemplate request;
  HoldOptions options;
  double observe = 3;
  double drip = 2;
  app.add_option("url", url, "http://127.0.0.1:PORT/PATH, answered 200")->required();
  app.add_option("-k,--hold", options.connections)->check(CLI::Range(1, 60'000))->capture_default_str();
  app.add_option("-m,--mode", options.mode, "silent, keepalive or slow")
      ->transform(CLI::CheckedTransformer(modes));
  app.add_option("-n,--probes", options.probes)->capture_default_str();
  app.add_option("--observe", observe, "seconds of idling before the probes")
      ->check(CLI::Range(0.0, 600.0))
      ->capture_default_str();
  app.add_option("--drip", drip, "seconds between the bytes of a slow head")
      ->check(CLI::Range(0.01, 60.0))
      ->capture_default_str();
  app.add_option("--pid", options.server_process, "process id of the server, for its CPU and memory");
  app.add_option("-X,--method", request.method)->capture_default_str();
  app.add_option("-H,--header", headers, "\"Name: value\", repeatable");
  app.add_option("-b,--body", request.body);
  CLI11_PARSE(app, argc, argv);

  const auto target = parse_target(url);
  if (!target) {
    std::cerr << "connhold: " << target.error().message << "\n";
    return 2;
  }
  for (const std::string& text : headers) {
    auto header = parse_header(text);
    if (!header) {
      std::cerr << "connhold: " << header.error().message << "\n";
      return 2;
    }
    request.headers.push_back(*std::move(header));
  }
  if (raise_file_limit() < options.connections + 16) {
    std::cerr << "connhold: too few file descriptors for that many connections; raise ulimit -Hn\n";
    return 2;
  }
  using Seconds = std::chrono::duration<double>;
  options.observe = std::chrono::duration_cast<Clock::duration>(Seconds(observe));
  options.drip_interval = std::chrono::duration_cast<Clock::duration>(Seconds(drip));
  const HoldReport report = ConnectionHolder(*target, request_bytes(*target, request), options).run();
  std::cout << to_json(report, options).dump(2) << "\n";
  return report.probes_silent == 0 ? 0 : 1;
}

}  // namespace
}  // namespace authplane::bench

int main(int argc, char** argv) {
  return authplane::bench::run(argc, argv);
}
