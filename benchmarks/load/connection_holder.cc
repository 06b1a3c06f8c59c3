#include "benchmarks/load/connection_holder.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

#include "benchmarks/load/response_reader.h"

namespace authplane::bench {
namespace {

constexpr std::chrono::seconds kSetupTimeout{2};

bool wait_for(int descriptor, short events, Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  pollfd waited{descriptor, events, 0};
  return left.count() > 0 && ::poll(&waited, 1, static_cast<int>(left.count())) > 0;
}

Descriptor connect_by(const Target& target, Clock::time_point deadline) {
  Descriptor descriptor = begin_connect(target);
  if (!descriptor.valid() || !wait_for(descriptor.get(), POLLOUT, deadline) || !connected(descriptor.get()))
    return Descriptor();
  return descriptor;
}

enum class Reply { ok, refused, silent };

// Sends the request and reads the response, which is ok when it is a whole 200.
Reply ask(int descriptor, std::string_view request, Clock::time_point deadline) {
  if (send_some(descriptor, request) != static_cast<long>(request.size())) return Reply::refused;
  ResponseReader reader;
  auto progress = ResponseReader::Progress::incomplete;
  std::array<char, 16'384> buffer;
  while (progress == ResponseReader::Progress::incomplete) {
    if (!wait_for(descriptor, POLLIN, deadline)) return Reply::silent;
    const ssize_t size = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (size <= 0) return Reply::refused;
    progress = reader.feed({buffer.data(), static_cast<std::size_t>(size)});
  }
  return progress == ResponseReader::Progress::complete && reader.status() == 200 ? Reply::ok
                                                                                  : Reply::refused;
}

// User and system time of a process so far.
double cpu_seconds(int process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  const std::size_t name_end = text.rfind(')');  // proc(5): the name in field 2 may hold anything
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user_ticks = 0;
  double system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  return (user_ticks + system_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::size_t resident_kilobytes(int process) {
  std::ifstream statm("/proc/" + std::to_string(process) + "/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace

ConnectionHolder::ConnectionHolder(Target target, std::string request, HoldOptions options)
    : target_(std::move(target)), request_(std::move(request)), options_(options) {}

HoldReport ConnectionHolder::run() {
  const std::size_t before = options_.server_process ? resident_kilobytes(*options_.server_process) : 0;
  set_up();
  if (options_.server_process && !held_.empty()) {
    report_.resident_kilobytes = resident_kilobytes(*options_.server_process);
    report_.bytes_per_connection =
        (static_cast<double>(*report_.resident_kilobytes) - static_cast<double>(before)) * 1024 /
        static_cast<double>(held_.size());
  }
  drip_from_ = Clock::now();
  observe();
  probe();
  count_open();
  return report_;
}

void ConnectionHolder::set_up() {
  const Clock::time_point start = Clock::now();
  held_.reserve(options_.connections);
  for (std::size_t i = 0; i < options_.connections; ++i) {
    if (!open_one()) ++report_.refused;
  }
  report_.held = held_.size();
  report_.setup_seconds = std::chrono::duration<double>(Clock::now() - start).count();
}

bool ConnectionHolder::open_one() {
  const Clock::time_point deadline = Clock::now() + kSetupTimeout;
  Descriptor descriptor = connect_by(target_, deadline);
  if (!descriptor.valid()) return false;
  if (options_.mode == HoldMode::keepalive && ask(descriptor.get(), request_, deadline) != Reply::ok)
    return false;
  if (options_.mode == HoldMode::slow) {
    const std::string begun =
        "GET " + target_.request_target + " HTTP/1.1\r\nHost: " + target_.authority + "\r\nX-Slow: ";
    if (send_some(descriptor.get(), begun) < 0) return false;
  }
  held_.push_back(std::move(descriptor));
  return true;
}

// Sleeps until then. Slow connections get a byte each per interval, evenly spread.
void ConnectionHolder::wait_and_drip(Clock::time_point until) {
  if (options_.mode != HoldMode::slow) return std::this_thread::sleep_until(until);
  while (true) {
    const Clock::time_point now = Clock::now();
    const double intervals = std::chrono::duration<double>(now - drip_from_) / options_.drip_interval;
    const auto due = static_cast<std::size_t>(intervals * static_cast<double>(held_.size()));
    for (; next_drip_ < due; ++next_drip_) send_some(held_[next_drip_ % held_.size()].get(), "x");
    if (now >= until) return;
    std::this_thread::sleep_for(std::min<Clock::duration>(until - now, std::chrono::milliseconds(5)));
  }
}

void ConnectionHolder::observe() {
  const Clock::time_point start = Clock::now();
  const double cpu = options_.server_process ? cpu_seconds(*options_.server_process) : 0;
  wait_and_drip(start + options_.observe);
  if (!options_.server_process) return;
  const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  report_.idle_cpu_cores = (cpu_seconds(*options_.server_process) - cpu) / elapsed;
}

void ConnectionHolder::probe() {
  for (std::size_t i = 0; i < options_.probes; ++i) {
    wait_and_drip(Clock::now() + options_.probe_interval);
    probe_once();
  }
  report_.probe_latency = probe_latencies_.summary();
  report_.refusal_latency = refusal_latencies_.summary();
}

void ConnectionHolder::probe_once() {
  const Clock::time_point start = Clock::now();
  const Clock::time_point deadline = start + options_.probe_timeout;
  const Descriptor descriptor = connect_by(target_, deadline);
  const Reply reply = descriptor.valid()        ? ask(descriptor.get(), request_, deadline)
                      : Clock::now() < deadline ? Reply::refused
                                                : Reply::silent;
  switch (reply) {
    case Reply::ok:
      ++report_.probes_answered;
      return probe_latencies_.add(Clock::now() - start);
    case Reply::refused:
      ++report_.probes_refused;
      return refusal_latencies_.add(Clock::now() - start);
    case Reply::silent:
      ++report_.probes_silent;
      return;
  }
}

void ConnectionHolder::count_open() {
  for (const Descriptor& descriptor : held_) {
    char byte = 0;
    const ssize_t size = ::recv(descriptor.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) ++report_.still_open;
  }
}

}  // namespace authplane::bench
