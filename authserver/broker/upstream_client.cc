#include "authserver/broker/upstream_client.h"

#include <utility>

#include "authserver/broker/token_reply.h"

namespace authplane::authserver {

Result<UpstreamReply, UpstreamFailure> UpstreamClient::redeem(const OAuthProvider& provider,
                                                              const SecretString& code,
                                                              const SecretString& code_verifier,
                                                              std::string_view redirect_uri) const {
  Form form;
  form.add("grant_type", "authorization_code");
  form.add("code", std::string(code.expose()));
  form.add("code_verifier", std::string(code_verifier.expose()));
  form.add("redirect_uri", std::string(redirect_uri));
  return ask(std::move(form), provider);
}

Result<UpstreamReply, UpstreamFailure> UpstreamClient::refresh(const OAuthProvider& provider,
                                                               const SecretString& refresh_token,
                                                               const ScopeSet& scopes) const {
  Form form;
  form.add("grant_type", "refresh_token");
  form.add("refresh_token", std::string(refresh_token.expose()));
  if (!scopes.empty()) form.add("scope", scopes.to_string());
  return ask(std::move(form), provider);
}

Result<void, UpstreamFailure> UpstreamClient::revoke(const OAuthProvider& provider,
                                                     const SecretString& refresh_token) const {
  if (!provider.config.revoke_url) return {};
  Form form;
  form.add("token", std::string(refresh_token.expose()));
  form.add("token_type_hint", "refresh_token");
  const auto response = post(*provider.config.revoke_url, std::move(form), provider);
  if (!response) return Err(response.error());
  if (response->status >= 200 && response->status < 300) return {};
  const bool may_pass = response->status >= 500 || response->status == 429;
  return Err(UpstreamFailure{
      may_pass ? UpstreamFailure::Reason::unavailable : UpstreamFailure::Reason::misconfigured,
      "the provider answered with status " + std::to_string(response->status)});
}

Result<HttpResponse, UpstreamFailure> UpstreamClient::post(const Url& url, Form form,
                                                           const OAuthProvider& provider) const {
  form.add("client_id", provider.config.client_id);
  form.add("client_secret", std::string(provider.client_secret.expose()));
  OutboundRequest request;
  request.method = "POST";
  request.url = url;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.headers.add("Accept", "application/json");
  request.body = form.encode();
  request.max_response_bytes = kMaxResponseBytes;
  auto response = transport_->send(request);
  if (response) return std::move(*response);
  if (response.error().code == ErrorCode::ssrf_blocked) {
    return Err(UpstreamFailure{UpstreamFailure::Reason::misconfigured,
                               url.origin() +
                                   " is not at a public address and was not called; with a localhost issuer "
                                   "broker.allow_private_upstreams permits it"});
  }
  return Err(UpstreamFailure{UpstreamFailure::Reason::unavailable,
                             url.origin() + " could not be asked: " + response.error().message});
}

Result<UpstreamReply, UpstreamFailure> UpstreamClient::ask(Form form, const OAuthProvider& provider) const {
  const auto response = post(provider.config.token_url, std::move(form), provider);
  if (!response) return Err(response.error());
  return read_token_reply(*response, provider.config.response_format);
}

std::shared_ptr<HttpTransport> make_upstream_transport(bool development, std::chrono::milliseconds timeout,
                                                       std::shared_ptr<HttpTransport> inner,
                                                       std::shared_ptr<net::Resolver> resolver,
                                                       std::shared_ptr<const Clock> clock) {
  net::FetchSettings settings;
  settings.timeout = timeout;
  settings.allow_http = settings.allow_localhost = settings.allow_private_networks = development;
  return net::make_guarded_transport(settings, std::move(inner), std::move(resolver), std::move(clock));
}

}  // namespace authplane::authserver
