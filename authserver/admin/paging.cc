#include "authserver/admin/paging.h"

#include <charconv>

namespace authplane::authserver {
namespace {

using Mode = PagingRules::Mode;

Outcome<std::size_t> read_limit(std::optional<std::string_view> text, const PagingRules& rules) {
  if (!text) return rules.default_limit;
  const auto value = parse_integer(*text);
  if (rules.mode == Mode::lenient)
    return value && *value > 0 ? static_cast<std::size_t>(*value) : rules.default_limit;
  if (rules.mode == Mode::bounded && value && *value <= 0) return rules.default_limit;
  if (!value || *value < 1 || static_cast<std::size_t>(*value) > rules.max_limit) {
    return fail(DomainErrorCode::invalid_request, "limit must be 1 to " + std::to_string(rules.max_limit));
  }
  return static_cast<std::size_t>(*value);
}

Outcome<std::size_t> read_offset(std::optional<std::string_view> text, const PagingRules& rules) {
  if (!text) return std::size_t{0};
  const auto value = parse_integer(*text);
  if (rules.mode == Mode::lenient)
    return value && *value > 0 ? static_cast<std::size_t>(*value) : std::size_t{0};
  if (!value || *value < 0 || static_cast<std::size_t>(*value) > rules.max_offset) {
    return fail(DomainErrorCode::invalid_request, "offset must be 0 to " + std::to_string(rules.max_offset));
  }
  return static_cast<std::size_t>(*value);
}

}  // namespace

std::optional<std::string> given(const Form& query, std::string_view name) {
  const auto value = query.get(name);
  if (!value || value->empty()) return std::nullopt;
  return std::string(*value);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Outcome<Page> read_page(const Form& query, const PagingRules& rules) {
  const auto limit = read_limit(query.get("limit"), rules);
  if (!limit) return Err(limit.error());
  const auto offset = read_offset(query.get("offset"), rules);
  if (!offset) return Err(offset.error());
  return Page{.limit = *limit, .offset = *offset};
}

}  // namespace authplane::authserver
