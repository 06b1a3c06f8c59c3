#include "authserver/xaa/rules.h"

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxName = 255;

}  // namespace

Outcome<void> check_xaa_name(std::string_view name) {
  const bool is_blank = name.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (!is_blank && name.size() <= kMaxName && is_valid_utf8(name)) return {};
  return fail(DomainErrorCode::invalid_request, "name must not be blank and has at most 255 bytes");
}

}  // namespace authplane::authserver
