#include "agent/token_endpoint.h"

#include "client/error_response.h"
#include "client/token_request.h"

namespace authplane::agent {

Result<std::string> TokenEndpoint::post_once(const Url& url, std::string_view name, Form form) const {
  Headers headers;
  const AuthContext context{
      .issuer = server_.issuer, .endpoint = url, .clock = *seams_.clock, .random = *seams_.random};
  if (auto ok = client_.apply(context, headers, form); !ok) return Err(std::move(ok).error());
  if (dpop_) {
    auto proof = dpop_->proof("POST", url.text());
    if (!proof) return proof;
    headers.set("DPoP", std::move(*proof));
  }
  const std::size_t limit = fetcher_.settings().max_oauth_bytes;
  auto response = fetcher_.fetch(endpoint_request(url, form, std::move(headers), limit));
  if (!response) return Err(std::move(response).error());
  const bool nonce_kept = dpop_ && dpop_->observe(url.text(), response->headers);
  if (response->status >= 200 && response->status <= 299) return std::move(response->body);
  Error error = parse_error_response(response->status, response->body, name, limit);
  if (nonce_kept && error.code == ErrorCode::use_dpop_nonce)
    error.dpop_nonce = response->headers.get("DPoP-Nonce").value_or("");
  return Err(std::move(error));
}

Result<std::string> TokenEndpoint::post(const Url& url, std::string_view name, const Form& form) const {
  auto body = post_once(url, name, form);
  const bool nonce_demanded = !body && !body.error().dpop_nonce.empty();
  return nonce_demanded ? post_once(url, name, form) : body;
}

Result<TokenResponse> TokenEndpoint::request(const Form& form, Grant grant) const {
  const auto body = post(server_.token_endpoint, "token_endpoint", form);
  if (!body) return Err(body.error());
  return parse_token_response(*body, grant, dpop_ ? ProofSent::yes : ProofSent::no,
                              seams_.clock->now_seconds(), fetcher_.settings().max_oauth_bytes);
}

Result<TokenResponse> TokenEndpoint::exchange_code(const Code& code) const {
  Form form;
  form.add("grant_type", "authorization_code");
  form.add("code", code.code);
  form.add("redirect_uri", code.redirect_uri);
  form.add("code_verifier", code.code_verifier);
  form.add("resource", code.resource);
  return request(form, Grant::authorization_code);
}

Result<TokenResponse> TokenEndpoint::refresh(const std::string& refresh_token,
                                             const std::string& resource) const {
  Form form;
  form.add("grant_type", "refresh_token");
  form.add("refresh_token", refresh_token);
  form.add("resource", resource);
  return request(form, Grant::refresh_token);
}

Result<void> TokenEndpoint::revoke(const std::string& refresh_token) const {
  if (!server_.revocation_endpoint) return {};
  const auto body = post(*server_.revocation_endpoint, "revocation_endpoint",
                         revocation_form(refresh_token, "refresh_token"));
  if (!body) return Err(body.error());
  return {};
}

}  // namespace authplane::agent
