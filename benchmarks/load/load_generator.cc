#include "benchmarks/load/load_generator.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace authplane::bench {

LoadGenerator::LoadGenerator(Target target, std::vector<std::string> requests, LoadOptions options)
    : target_(std::move(target)),
      requests_(std::move(requests)),
      options_(options),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      connections_(options.connections) {}

LoadReport LoadGenerator::run() {
  const Clock::time_point start = Clock::now();
  measure_from_ = start + options_.warm_up;
  const Clock::time_point end = measure_from_ + options_.duration;
  for (std::size_t i = 0; i < connections_.size(); ++i) open(i);
  std::array<epoll_event, 512> events;
  while (Clock::now() < end && !spent()) {
    const int max_wait_milliseconds = options_.busy ? 0 : 20;
    const int ready =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), max_wait_milliseconds);
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      on_event(static_cast<std::size_t>(event.data.u64), event.events);
    }
    for (std::size_t i = 0; ready <= 0 && i < connections_.size(); ++i) {
      if (connections_[i].state == State::closed)
        open(i);  // a failed connect is tried again when things calm down
    }
  }
  const Clock::time_point stopped = Clock::now();
  count_waiting(stopped);
  report_.seconds = std::chrono::duration<double>(stopped - measure_from_).count();
  report_.latency = latencies_.summary();
  report_.connect = connect_latencies_.summary();
  return report_;
}

void LoadGenerator::watch(std::size_t index, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = index;
  ::epoll_ctl(epoll_.get(), operation, connections_[index].descriptor.get(), &event);
}

void LoadGenerator::open(std::size_t index) {
  Connection& connection = connections_[index];
  connection.reader.reset();
  connection.since = Clock::now();
  connection.descriptor = begin_connect(target_);
  if (!connection.descriptor.valid()) {
    connection.state = State::closed;
    ++report_.connect_failures;
    return;
  }
  connection.state = State::connecting;
  watch(index, EPOLLOUT, EPOLL_CTL_ADD);
}

void LoadGenerator::reopen(std::size_t index) {
  ++report_.reconnects;
  connections_[index].descriptor.reset();
  open(index);
}

void LoadGenerator::on_event(std::size_t index, std::uint32_t events) {
  switch (connections_[index].state) {
    case State::closed:
      return;
    case State::connecting:
      return on_connected(index);
    case State::sending:
      if ((events & EPOLLOUT) != 0) return send_rest(index);
      return receive(index);
    case State::receiving:
      return receive(index);
  }
}

void LoadGenerator::on_connected(std::size_t index) {
  Connection& connection = connections_[index];
  if (!connected(connection.descriptor.get())) {
    ++report_.connect_failures;
    connection.descriptor.reset();
    connection.state = State::closed;
    return;
  }
  connect_latencies_.add(Clock::now() - connection.since);
  watch(index, EPOLLIN, EPOLL_CTL_MOD);
  begin_request(index);
}

void LoadGenerator::begin_request(std::size_t index) {
  if (spent()) return;
  Connection& connection = connections_[index];
  connection.reader.reset();
  connection.request = &requests_[next_request_++ % requests_.size()];
  connection.sent = 0;
  connection.since = Clock::now();
  connection.state = State::receiving;
  send_rest(index);
}

void LoadGenerator::send_rest(std::size_t index) {
  Connection& connection = connections_[index];
  const std::string_view rest = std::string_view(*connection.request).substr(connection.sent);
  const long sent = send_some(connection.descriptor.get(), rest);
  if (sent < 0) {
    ++report_.closed_early;
    return reopen(index);
  }
  connection.sent += static_cast<std::size_t>(sent);
  const bool whole = connection.sent == connection.request->size();
  if (whole == (connection.state == State::receiving)) return;
  connection.state = whole ? State::receiving : State::sending;
  watch(index, whole ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

void LoadGenerator::receive(std::size_t index) {
  Connection& connection = connections_[index];
  std::array<char, 65'536> buffer;
  const ssize_t size = ::recv(connection.descriptor.get(), buffer.data(), buffer.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    ++report_.closed_early;
    return reopen(index);
  }
  switch (connection.reader.feed({buffer.data(), static_cast<std::size_t>(size)})) {
    case ResponseReader::Progress::incomplete:
      return;
    case ResponseReader::Progress::malformed:
      ++report_.malformed;
      return reopen(index);
    case ResponseReader::Progress::complete:
      return on_response(index);
  }
}

void LoadGenerator::on_response(std::size_t index) {
  Connection& connection = connections_[index];
  connection.served = true;
  if (measured(connection)) {
    latencies_.add(Clock::now() - connection.since);
    ++report_.requests;
    ++report_.statuses[connection.reader.status()];
  }
  if (!connection.reader.keeps_alive()) return reopen(index);
  begin_request(index);
}

void LoadGenerator::count_waiting(Clock::time_point end) {
  for (const Connection& connection : connections_) {
    if (!connection.served) ++report_.never_served;
    const Clock::duration age = end - connection.since;
    latencies_.add(age);
    ++report_.waiting_at_end;
    if (age > std::chrono::seconds(1)) ++report_.waiting_over_1s;
  }
}

}  // namespace authplane::bench
