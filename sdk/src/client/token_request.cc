#include "client/token_request.h"

#include <algorithm>
#include <utility>

namespace authplane {
namespace {

void add_scope(Form& form, const std::vector<std::string>& scopes) {
  if (scopes.empty()) return;
  std::string joined;
  for (const std::string& scope : scopes) {
    if (!joined.empty()) joined += ' ';
    joined += scope;
  }
  form.add("scope", std::move(joined));
}

void add_each(Form& form, std::string_view name, const std::vector<std::string>& values) {
  for (const std::string& value : values) form.add(std::string(name), value);
}

Unexpected<Error> invalid(std::string message) {
  return Err(ErrorCode::invalid_argument, std::move(message));
}

}  // namespace

bool is_blank(std::string_view text) noexcept {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

std::vector<std::string> without_empty(std::vector<std::string> values) {
  std::erase_if(values, [](const std::string& value) { return value.empty(); });
  return values;
}

Result<ExchangeOptions> normalize(ExchangeOptions options) {
  if (is_blank(options.subject_token)) return invalid("exchange: subject_token is required");
  if (options.subject_token_type.empty()) options.subject_token_type = kAccessTokenType;
  if (options.actor_token.empty()) {
    options.actor_token_type.clear();
  } else if (is_blank(options.actor_token)) {
    return invalid("exchange: actor_token is blank; leave it empty when there is no actor");
  } else if (options.actor_token_type.empty()) {
    options.actor_token_type = kAccessTokenType;
  }
  options.scopes = without_empty(std::move(options.scopes));
  options.resources = without_empty(std::move(options.resources));
  options.audiences = without_empty(std::move(options.audiences));
  return options;
}

Form client_credentials_form(const std::vector<std::string>& scopes,
                             const std::vector<std::string>& resources) {
  Form form;
  form.add("grant_type", "client_credentials");
  add_scope(form, scopes);
  add_each(form, "resource", resources);
  return form;
}

Form exchange_form(const ExchangeOptions& options) {
  Form form;
  form.add("grant_type", std::string(kTokenExchangeGrant));
  form.add("subject_token", options.subject_token);
  form.add("subject_token_type", options.subject_token_type);
  if (!options.actor_token.empty()) {
    form.add("actor_token", options.actor_token);
    form.add("actor_token_type", options.actor_token_type);
  }
  add_scope(form, options.scopes);
  add_each(form, "resource", options.resources);
  add_each(form, "audience", options.audiences);
  return form;
}

Form introspection_form(std::string_view token) {
  return revocation_form(token, "access_token");
}

Form revocation_form(std::string_view token, std::string_view token_type_hint) {
  Form form;
  form.add("token", std::string(token));
  form.add("token_type_hint", std::string(token_type_hint));
  return form;
}

OutboundRequest endpoint_request(const Url& endpoint, const Form& form, Headers headers,
                                 std::size_t max_response_bytes) {
  OutboundRequest request;
  request.method = "POST";
  request.url = endpoint;
  request.headers = std::move(headers);
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.headers.set("Accept", "application/json");
  request.body = form.encode();
  request.max_response_bytes = max_response_bytes;
  return request;
}

}  // namespace authplane
