#pragma once

#include <iosfwd>

#include <authplane/json/json.h>

namespace authplane::authserver::cli {

// Two spaces of indentation and a line break at the end.
void print_json(std::ostream& out, const OrderedJson& value);

}  // namespace authplane::authserver::cli
