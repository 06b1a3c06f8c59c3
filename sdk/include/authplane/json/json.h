#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include <authplane/base/result.h>

namespace authplane {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

struct JsonLimits {
  std::size_t max_bytes = 128 * 1024;
  std::size_t max_depth = 32;  // nesting of arrays and objects
};

// The one way foreign JSON enters the program (RFC 8259): refuses duplicate member names, excess depth and
// size, invalid UTF-8, a byte order mark and trailing bytes. No exception of the JSON library leaves it.
// Errors: protocol_error, the message gives the byte offset and the problem, never the input.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});
// The same, and the document must be an object.
Result<Json> parse_json_object(std::string_view text, const JsonLimits& limits = {});

// Compact serialisation. Invalid UTF-8 in strings is replaced, so it never throws on any input built by us.
std::string to_json_text(const Json& value);
std::string to_json_text(const OrderedJson& value);

// Typed access without conversion surprises: the member must exist and be of exactly that type, else nullptr
// or nullopt. (nlohmann's get<> turns true into 1 and -1 into 2^64-1.)
const std::string* find_string(const Json& object, std::string_view name);
const Json* find_object(const Json& object, std::string_view name);
const Json* find_array(const Json& object, std::string_view name);
const Json* find_member(const Json& object, std::string_view name);

}  // namespace authplane
