#pragma once

#include <string>
#include <string_view>

#include <authplane/base/form.h>
#include <authplane/base/random.h>
#include <authplane/base/result.h>
#include <authplane/oauth/scope.h>

#include "agent/server_metadata.h"

namespace authplane::agent {

// One authorization request (RFC 6749 section 4.1.1) with what its answer has to be checked against.
class AuthorizationRequest {
 public:
  struct Parameters {
    std::string client_id;
    std::string redirect_uri;
    std::string resource;  // RFC 8707, byte for byte as announced
    ScopeSet scope;
    std::string dpop_jkt;  // RFC 9449 section 10, "" without a key
  };

  // `server` as recorded before the browser leaves: an answer of another server is recognised by it.
  AuthorizationRequest(const ServerMetadata& server, Parameters parameters, Random& random);

  // What the browser opens.
  std::string url() const;
  // RFC 7636; for the token request only.
  const std::string& code_verifier() const { return verifier_; }

  // The code of the answer that came to the redirect URI. Checked in this order: state (RFC 6749 section
  // 10.12), issuer (RFC 9207 section 2.4, also of errors), error, code. Errors: access_denied for an answer
  // that is not to be trusted and for the user's no; the OAuth error the server named otherwise.
  Result<std::string> code_of(const Form& answer) const;

 private:
  Result<void> check_issuer(const Form& answer) const;

  const ServerMetadata& server_;
  const Parameters parameters_;
  const std::string state_;
  const std::string verifier_;
};

// base64url(SHA-256(verifier)), RFC 7636 section 4.2.
std::string s256_challenge(std::string_view verifier);

}  // namespace authplane::agent
