#include "authserver/storage/sqlite/change_watch.h"

#include <utility>

namespace authplane::authserver::sqlite {
namespace {

std::int64_t read_data_version(Connection& connection) {
  Query query = connection.query("PRAGMA data_version");
  query.step();
  return query.integer(0);
}

}  // namespace

ChangeWatch::ChangeWatch(const std::string& path, std::chrono::milliseconds busy_timeout, const Clock& clock,
                         Listeners listeners)
    : clock_(clock),
      listeners_(std::move(listeners)),
      next_poll_(clock.steady_now().time_since_epoch().count()),
      connection_(path, Access::read_only, busy_timeout),
      data_version_(read_data_version(connection_)),
      known_(read_counters()) {}

void ChangeWatch::poll() {
  const SteadyTime now = clock_.steady_now();
  if (now.time_since_epoch().count() < next_poll_.load(std::memory_order_relaxed)) return;
  const std::unique_lock<std::mutex> lock(polling_, std::try_to_lock);
  if (!lock.owns_lock()) return;  // somebody else is looking
  next_poll_.store((now + kInterval).time_since_epoch().count(), std::memory_order_relaxed);

  // Also moves with every token this process records, so it only says whether looking further can pay.
  const std::int64_t version = read_data_version(connection_);
  if (version == data_version_) return;
  data_version_ = version;
  const Counters counters = read_counters();
  if (counters.clients != known_.clients) listeners_.clients();
  if (counters.resources != known_.resources) listeners_.resources();
  if (counters.fronting_links != known_.fronting_links) listeners_.fronting_links();
  known_ = counters;
}

ChangeWatch::Counters ChangeWatch::read_counters() {
  Counters counters;
  Query query = connection_.query(
      "SELECT (SELECT changes FROM change_counters WHERE name = 'clients'),"
      " (SELECT changes FROM change_counters WHERE name = 'resources'),"
      " (SELECT changes FROM change_counters WHERE name = 'fronting_links')");
  query.step();
  counters.clients = query.integer(0);
  counters.resources = query.integer(1);
  counters.fronting_links = query.integer(2);
  return counters;
}

}  // namespace authplane::authserver::sqlite
