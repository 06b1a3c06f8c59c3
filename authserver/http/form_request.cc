#include "authserver/http/form_request.h"

#include <string>

#include "authserver/http/form_body.h"

namespace authplane::authserver {

Result<Form, Denial> read_parameters(const HttpRequest& request) {
  auto form = read_form(request, "resource");
  if (form) return std::move(*form);
  const std::string sentence(to_string(form.error()));
  if (form.error() == FormFault::too_large)
    return deny(OAuthErrorCode::request_too_large, sentence, "request_too_large");
  return deny(OAuthErrorCode::invalid_request, sentence);
}

}  // namespace authplane::authserver
