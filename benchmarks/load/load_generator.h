#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "benchmarks/load/latency.h"
#include "benchmarks/load/response_reader.h"
#include "benchmarks/load/socket.h"
#include "benchmarks/load/target.h"

namespace authplane::bench {

struct LoadOptions {
  std::size_t connections = 64;
  Clock::duration warm_up = std::chrono::seconds(1);  // requests sent in it are not counted
  Clock::duration duration = std::chrono::seconds(5);
  // Asks for answers without ever sleeping. The send that finds a client asleep wakes its core, which on a
  // virtual machine costs the server up to a request's worth of time, the more often the slower the server
  // is.
  bool busy = false;
  // Every request can be sent only once: the run ends when the last one has been, or with the duration.
  bool once = false;
};

struct LoadReport {
  double seconds = 0;
  std::uint64_t requests = 0;  // whole responses to requests sent in the measured time
  LatencySummary latency;      // those, and the age of every request still unanswered at the end
  LatencySummary connect;
  std::map<int, std::uint64_t> statuses;
  std::uint64_t connect_failures = 0;
  std::uint64_t closed_early = 0;  // the connection ended while a request was unanswered
  std::uint64_t malformed = 0;
  std::uint64_t reconnects = 0;
  std::size_t never_served = 0;  // connections that got no whole response in the whole run
  std::size_t waiting_at_end = 0;
  std::size_t waiting_over_1s = 0;
};

// A closed loop: every connection sends one request, waits for the whole response, sends the next. The
// requests are taken in turn, from the start again when all were sent and may be repeated. A server that
// starves connections cannot hide it: their age counts as latency and they are counted as never served.
class LoadGenerator {
 public:
  // REQUIRES: at least one request.
  LoadGenerator(Target target, std::vector<std::string> requests, LoadOptions options);
  LoadReport run();

 private:
  enum class State { closed, connecting, sending, receiving };
  struct Connection {
    Descriptor descriptor;
    State state = State::closed;
    ResponseReader reader;
    const std::string* request = nullptr;
    std::size_t sent = 0;
    bool served = false;
    Clock::time_point since;  // connect begun, or request sent
  };

  void open(std::size_t index);
  void reopen(std::size_t index);
  void on_event(std::size_t index, std::uint32_t events);
  void on_connected(std::size_t index);
  void begin_request(std::size_t index);
  void send_rest(std::size_t index);
  void receive(std::size_t index);
  void on_response(std::size_t index);
  void watch(std::size_t index, std::uint32_t events, int operation);
  void count_waiting(Clock::time_point end);
  bool spent() const { return options_.once && next_request_ >= requests_.size(); }
  bool measured(const Connection& connection) const { return connection.since >= measure_from_; }

  const Target target_;
  const std::vector<std::string> requests_;
  std::size_t next_request_ = 0;
  const LoadOptions options_;
  Descriptor epoll_;
  std::vector<Connection> connections_;
  Clock::time_point measure_from_;
  Latencies latencies_;
  Latencies connect_latencies_;
  LoadReport report_;
};

}  // namespace authplane::bench
