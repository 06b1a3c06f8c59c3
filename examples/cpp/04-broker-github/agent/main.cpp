// An agent that gets a GitHub token for a user, in exchange for the token the user gave it. GitHub's long-lived
// credential stays in the authorization server. Exit code 0: got one, 2: the user has to agree first, 1: anything else.
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include <authplane/client/client.h>

std::string env(const char* name, const char* fallback = nullptr) {
  const char* value = std::getenv(name);
  if (value && *value) return value;
  if (fallback) return fallback;
  throw std::runtime_error(std::string(name) + " is not set: see make login and make agent");
}

int main() try {
  // authplane:begin
  auto client = authplane::Client::create({.issuer = env("AUTHPLANE_ISSUER"),
      .auth = authplane::ClientCredentials{env("AUTHPLANE_CLIENT_ID"), env("AUTHPLANE_CLIENT_SECRET")},
      .dev_mode = true}).value();
  auto token = client.exchange({.subject_token = env("AUTHPLANE_USER_ACCESS_TOKEN"),
      .scopes = {env("BROKER_SCOPE", "repo")}, .resources = {env("BROKER_RESOURCE_SLUG", "github")}}).value();
  // authplane:end

  std::cout << "[agent] vended: token_type=" << token.token_type << " expires_in="
            << (token.expires_in ? std::to_string(token.expires_in->count()) : "unknown") << " scope=" << token.scope
            << " issued_token_type=" << token.issued_token_type << std::endl;
  std::cout << "[agent] access token: " << token.access_token.size() << " characters" << std::endl;
// authplane:begin
} catch (const authplane::ConsentRequired& needed) {
  std::cout << "[agent] consent_required (" << needed.cause() << "), open this page and try again:\n"
            << "consent_url=" << needed.consent_url().value_or("") << std::endl;
  return 2;
// authplane:end
} catch (const std::exception& e) {
  std::cerr << "[agent] error: " << e.what() << std::endl;
  return 1;
}
