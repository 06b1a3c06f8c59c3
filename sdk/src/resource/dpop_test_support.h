#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "test_support.h"

namespace authplane::resource_test {

enum class Mode { required, supported, not_configured };

// A resource that takes proofs, a token bound to a key of the client's, and proofs by that key.
class DpopTest : public ResourceTest {
 protected:
  static const PrivateKey& client_key() { return testing::test_key(JwsAlgorithm::ES256, 7); }
  static const PrivateKey& other_key() { return testing::test_key(JwsAlgorithm::ES256, 8); }

  static ResourceOptions with(dpop::Inbound inbound) {
    ResourceOptions options;
    options.dpop = std::move(inbound);
    return options;
  }
  Resource in_mode(Mode mode) {
    if (mode == Mode::not_configured) return make();
    return make(with({.required = mode == Mode::required}));
  }

  testing::TokenBuilder bound_to(const PrivateKey& key) {
    return token().claim("cnf", {{"jkt", key.public_key().thumbprint()}});
  }
  std::string bound_token() { return bound_to(client_key()).build(); }
  // Passes every check for that token; break one thing.
  testing::ProofBuilder proof(std::string_view access_token) {
    return testing::ProofBuilder(clock->now_seconds()).key(client_key()).access_token(access_token);
  }

  // How POST /mcp with that token and that proof ends.
  static Result<VerifiedClaims> present(const Resource& resource, std::string_view token,
                                        std::string_view proof, TokenScheme scheme = TokenScheme::dpop,
                                        std::string_view target = "/mcp") {
    const std::string_view fields[] = {proof};
    const auto context = RequestContext::create("POST", target, fields, scheme).value();
    return resource.verify(token, &context);
  }
  // The same without a proof.
  static Result<VerifiedClaims> present(const Resource& resource, std::string_view token) {
    const auto context = RequestContext::create("POST", "/mcp", {}).value();
    return resource.verify(token, &context);
  }
};

}  // namespace authplane::resource_test
