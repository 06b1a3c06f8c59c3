#include "mode.h"

#include <array>
#include <charconv>
#include <utility>

namespace authplane::gh_standin {
namespace {

constexpr std::chrono::milliseconds kMostDelay = std::chrono::minutes(10);

constexpr std::array<std::pair<Mode, std::string_view>, 18> kNames = {{
    {Mode::approve, "approve"},
    {Mode::deny, "deny"},
    {Mode::interactive, "interactive"},
    {Mode::wrong_state, "wrong_state"},
    {Mode::scope_subset, "scope_subset"},
    {Mode::scope_comma, "scope_comma"},
    {Mode::scope_absent, "scope_absent"},
    {Mode::scope_empty, "scope_empty"},
    {Mode::no_refresh, "no_refresh"},
    {Mode::no_rotate, "no_rotate"},
    {Mode::rotate, "rotate"},
    {Mode::form_body, "form_body"},
    {Mode::error_200, "error_200"},
    {Mode::error_400, "error_400"},
    {Mode::http_500, "http_500"},
    {Mode::huge_body, "huge_body"},
    {Mode::bad_json, "bad_json"},
    {Mode::redirect_hop, "redirect_hop"},
}};
constexpr std::string_view kSlow = "slow:";

bool concerns(Mode mode, Endpoint endpoint) {
  const bool page = mode == Mode::deny || mode == Mode::interactive || mode == Mode::wrong_state;
  return page == (endpoint == Endpoint::authorize);
}

std::optional<Behaviour> parse_slow(std::string_view digits) {
  long milliseconds = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), milliseconds);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (milliseconds < 0 || milliseconds > kMostDelay.count()) return std::nullopt;
  return Behaviour{Mode::slow, std::chrono::milliseconds(milliseconds)};
}

}  // namespace

std::optional<Behaviour> parse_behaviour(std::string_view text) {
  if (text.starts_with(kSlow)) return parse_slow(text.substr(kSlow.size()));
  for (const auto& [mode, name] : kNames) {
    if (name == text) return Behaviour{mode, {}};
  }
  return std::nullopt;
}

std::string to_string(const Behaviour& behaviour) {
  for (const auto& [mode, name] : kNames) {
    if (mode == behaviour.mode) return std::string(name);
  }
  return std::string(kSlow) + std::to_string(behaviour.delay.count());
}

void ModeSwitch::set(Behaviour next, bool once) {
  if (!once) after_ = next;
  current_ = next;
}

Behaviour ModeSwitch::take(Endpoint endpoint) {
  if (!concerns(current_.mode, endpoint)) return {};
  return std::exchange(current_, after_);
}

}  // namespace authplane::gh_standin
