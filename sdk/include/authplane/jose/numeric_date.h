#pragma once

#include <optional>

#include <authplane/base/clock.h>
#include <authplane/json/json.h>

namespace authplane {

// A NumericDate (RFC 7519 section 2): seconds since the epoch, fractions allowed. nullopt for anything but a
// number and for times beyond the year 9999 on either side, so that adding any tolerance to one cannot
// overflow.
std::optional<WallTime> parse_numeric_date(const Json& value);

}  // namespace authplane
