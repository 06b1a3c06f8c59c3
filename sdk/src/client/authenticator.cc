#include "client/authenticator.h"

#include <exception>
#include <utility>

#include <authplane/base/encoding.h>

#include "client/client_assertion.h"

namespace authplane {

std::string basic_credentials(std::string_view id, std::string_view secret) {
  std::string pair = form_encode(id) + ":" + form_encode(secret);
  std::string header = "Basic " + base64_encode(pair);
  wipe(pair);
  return header;
}

Authenticator::Authenticator(ClientAuth auth) {
  if (auto* provider = std::get_if<AuthProvider>(&auth)) {
    method_ = std::move(*provider);
    return;
  }
  if (auto* client = std::get_if<ClientKey>(&auth)) {
    method_ = std::move(*client);
    return;
  }
  auto& credentials = std::get<ClientCredentials>(auth);
  if (credentials.method == AuthMethod::client_secret_basic) {
    method_ = Basic{SecretString(basic_credentials(credentials.id, credentials.secret))};
  } else {
    method_ = Post{credentials.id, SecretString(credentials.secret)};
  }
  wipe(credentials.secret);
}

Result<void> Authenticator::check_offered(const TokenEndpointAuth& offered, const std::string& issuer) const {
  const auto* client = std::get_if<ClientKey>(&method_);
  return client ? check_takes_assertions(offered, client->key.algorithm(), issuer) : Result<void>();
}

Result<void> Authenticator::apply(const AuthContext& context, Headers& headers, Form& form) const {
  if (const auto* basic = std::get_if<Basic>(&method_)) {
    headers.set("Authorization", std::string(basic->header.expose()));
  } else if (const auto* post = std::get_if<Post>(&method_)) {
    form.add("client_id", post->id);
    form.add("client_secret", std::string(post->secret.expose()));
  } else if (const auto* client = std::get_if<ClientKey>(&method_)) {
    return add_client_assertion(*client, context.issuer, context.clock.now_seconds(), context.random, form);
  } else if (const auto* provider = std::get_if<AuthProvider>(&method_)) {
    try {
      auto additions = (*provider)(context.endpoint);
      if (!additions) return Err(std::move(additions).error());
      for (const auto& [name, value] : additions->headers) headers.add(name, value);
      for (const auto& [name, value] : additions->form.fields()) form.add(name, value);
    } catch (const std::exception&) {
      // Its text may hold a secret.
      return Err(ErrorCode::runtime_error,
                 "the configured auth provider threw an exception; nothing was sent");
    }
  }
  return {};
}

}  // namespace authplane
