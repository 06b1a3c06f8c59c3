#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/load/latency.h"
#include "benchmarks/load/socket.h"
#include "benchmarks/load/target.h"

namespace authplane::bench {

// What the held connections do: nothing at all, one request and then nothing, or a request head a byte at a
// time.
enum class HoldMode { silent, keepalive, slow };

struct HoldOptions {
  HoldMode mode = HoldMode::keepalive;
  std::size_t connections = 9000;
  Clock::duration drip_interval = std::chrono::seconds(2);  // between two bytes of each slow connection
  Clock::duration observe = std::chrono::seconds(3);        // CPU of the server is taken over this time
  std::size_t probes = 50;
  Clock::duration probe_interval = std::chrono::milliseconds(20);
  Clock::duration probe_timeout = std::chrono::seconds(2);
  std::optional<int> server_process;  // whose CPU and memory to report
};

struct HoldReport {
  std::size_t held = 0;
  std::size_t refused = 0;  // could not connect, or closed or answered with an error during set-up
  double setup_seconds = 0;
  std::size_t probes_answered = 0;  // with 200, on a fresh connection, within the time-out
  std::size_t probes_refused = 0;   // told so within the time-out: another status, or closed
  std::size_t probes_silent = 0;    // nothing came in time
  LatencySummary probe_latency;     // connect to whole response
  LatencySummary refusal_latency;   // connect to refusal
  std::size_t still_open = 0;       // after the probes
  std::optional<double> idle_cpu_cores;
  std::optional<double> bytes_per_connection;
  std::optional<std::size_t> resident_kilobytes;
};

// Holds many connections on a server and asks it questions meanwhile.
class ConnectionHolder {
 public:
  ConnectionHolder(Target target, std::string request, HoldOptions options);
  HoldReport run();

 private:
  void set_up();
  bool open_one();
  void observe();
  void probe();
  void probe_once();
  void wait_and_drip(Clock::time_point until);
  void count_open();

  const Target target_;
  const std::string request_;
  const HoldOptions options_;
  std::vector<Descriptor> held_;
  std::size_t next_drip_ = 0;
  Clock::time_point drip_from_;
  Latencies probe_latencies_;
  Latencies refusal_latencies_;
  HoldReport report_;
};

}  // namespace authplane::bench
