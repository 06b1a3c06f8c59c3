#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/form.h>

#include "authserver/domain/errors.h"
#include "authserver/domain/paging.h"

namespace authplane::authserver {

// A decimal integer and nothing else; nullopt also when it does not fit.
std::optional<std::int64_t> parse_integer(std::string_view text);

// A query parameter that is there and not empty.
std::optional<std::string> given(const Form& query, std::string_view name);

// How a list endpoint reads `limit` and `offset`.
struct PagingRules {
  std::size_t default_limit;
  std::size_t max_limit;
  std::size_t max_offset;
  // lenient: what is not a positive number becomes the default, silently. bounded: the same for a limit that
  // is not positive, everything else out of range is refused. strict: everything out of range is refused.
  enum class Mode { lenient, bounded, strict } mode;
};

inline constexpr PagingRules kLenientPaging{
    .default_limit = 50, .max_limit = 0, .max_offset = 0, .mode = PagingRules::Mode::lenient};

inline constexpr PagingRules kStrictPaging{.default_limit = 100,
                                           .max_limit = 500,
                                           .max_offset = std::size_t{1} << 30,
                                           .mode = PagingRules::Mode::strict};

// Errors: invalid_request.
Outcome<Page> read_page(const Form& query, const PagingRules& rules);

}  // namespace authplane::authserver
