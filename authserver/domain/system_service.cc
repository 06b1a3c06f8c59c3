#include "authserver/domain/system_service.h"

namespace authplane::authserver {

std::string format_uptime(std::chrono::seconds uptime) {
  const auto seconds = uptime.count();
  const std::pair<std::int64_t, char> units[] = {
      {seconds / 86'400, 'd'}, {seconds / 3'600 % 24, 'h'}, {seconds / 60 % 60, 'm'}};
  std::string text;
  for (const auto& [amount, unit] : units) {
    if (amount != 0 || !text.empty()) text += std::to_string(amount) + unit + ' ';
  }
  return text + std::to_string(seconds % 60) + 's';
}

SystemService::SystemService(Storage& storage, const Clock& clock, std::string signing_key_store,
                             std::string encryption_driver)
    : storage_(storage),
      clock_(clock),
      signing_key_store_(std::move(signing_key_store)),
      encryption_driver_(std::move(encryption_driver)),
      started_(clock.steady_now()) {}

SystemStatus SystemService::status() const {
  return {
      .uptime = std::chrono::floor<std::chrono::seconds>(clock_.steady_now() - started_),
      .subsystems = {{"storage", storage_.ping() ? "healthy" : "unhealthy", std::string(storage_.driver())},
                     {"signing", "healthy", signing_key_store_},
                     {"encryption", encryption_driver_.empty() ? "not_configured" : "healthy", encryption_driver_}}};
}

Outcome<Stats> SystemService::stats_today() const {
  return storage_.stats().stats(std::chrono::floor<std::chrono::days>(clock_.now()));
}

}  // namespace authplane::authserver
