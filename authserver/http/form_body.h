#pragma once

#include <cstddef>
#include <string_view>

#include <authplane/base/form.h>
#include <authplane/base/http.h>

namespace authplane::authserver {

enum class FormFault { too_large, wrong_content_type, malformed, repeated_parameter };

// One sentence for whoever wrote the sender.
std::string_view to_string(FormFault fault) noexcept;

// What a POST carries: application/x-www-form-urlencoded, at most 64 KiB and `max_fields`, no parameter but
// `may_repeat` more than once.
Result<Form, FormFault> read_form(const HttpRequest& request, std::string_view may_repeat = {},
                                  std::size_t max_fields = 64);

}  // namespace authplane::authserver
