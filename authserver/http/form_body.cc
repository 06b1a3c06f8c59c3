#include "authserver/http/form_body.h"

#include <authplane/base/encoding.h>

namespace authplane::authserver {
namespace {

constexpr std::size_t kMaxBodyBytes = 64 * 1024;

bool is_form(const Headers& headers) {
  const auto type = headers.get("Content-Type");
  if (!type) return false;
  std::string_view essence = type->substr(0, type->find(';'));
  while (!essence.empty() && essence.back() == ' ') essence.remove_suffix(1);
  return equals_ignore_case(essence, "application/x-www-form-urlencoded");
}

}  // namespace

std::string_view to_string(FormFault fault) noexcept {
  switch (fault) {
    case FormFault::too_large:
      return "the body is larger than 64 KiB";
    case FormFault::wrong_content_type:
      return "send the parameters as Content-Type application/x-www-form-urlencoded";
    case FormFault::malformed:
      return "the body is not a well-formed form";
    case FormFault::repeated_parameter:
      return "a parameter is sent more than once";
  }
  return "the body is not a well-formed form";
}

Result<Form, FormFault> read_form(const HttpRequest& request, std::string_view may_repeat,
                                  std::size_t max_fields) {
  if (request.body.size() > kMaxBodyBytes) return Err(FormFault::too_large);
  if (!is_form(request.headers)) return Err(FormFault::wrong_content_type);
  auto form = Form::parse(request.body, max_fields);
  if (!form) return Err(FormFault::malformed);
  if (form->first_repeated(may_repeat)) return Err(FormFault::repeated_parameter);
  return std::move(*form);
}

}  // namespace authplane::authserver
