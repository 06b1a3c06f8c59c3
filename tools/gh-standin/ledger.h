#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <authplane/base/clock.h>
#include <authplane/base/random.h>
#include <authplane/oauth/scope.h>

namespace authplane::gh_standin {

// An authorization that was approved, not redeemed yet.
struct PendingCode {
  std::string code_challenge;
  ScopeSet scopes;
};

struct IssuedTokens {
  std::string access_token;
  std::string refresh_token;  // "": the one that was used goes on
  ScopeSet scopes;            // of the access token
};

// What the provider has given out. In memory only; not thread-safe.
class Ledger {
 public:
  Ledger(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  std::string new_code(PendingCode pending);
  // Once, within ten minutes; nullopt otherwise.
  std::optional<PendingCode> take_code(const std::string& code);

  // A new grant with its first tokens.
  IssuedTokens open(const ScopeSet& granted, bool with_refresh_token);
  // What the grant behind a live refresh token covers; nullopt when it is dead.
  std::optional<ScopeSet> granted_to(const std::string& refresh_token) const;
  // One more access token for a live refresh token, which ends when `rotate`.
  IssuedTokens refresh(const std::string& refresh_token, const ScopeSet& scopes, bool rotate);

  // The scopes of a live access token.
  std::optional<ScopeSet> scopes_of(const std::string& access_token) const;
  void expire_access_tokens() { access_tokens_.clear(); }
  // Ends the grant that a token of either kind belongs to; unknown ones are no error (RFC 7009 section 2.2).
  void revoke(const std::string& token);
  void forget();

  // Every code and token there ever was, forgotten ones included.
  const std::vector<std::string>& given_out() const { return given_out_; }

 private:
  struct AccessToken {
    int grant;
    ScopeSet scopes;
  };
  std::string remember(std::string secret);
  std::string new_access_token(int grant, const ScopeSet& scopes);
  std::string new_refresh_token(int grant);

  const Clock& clock_;
  Random& random_;
  std::map<std::string, std::pair<PendingCode, SteadyTime>> codes_;  // until when
  std::map<int, ScopeSet> grants_;
  std::map<std::string, AccessToken> access_tokens_;
  std::map<std::string, int> refresh_tokens_;  // the live ones, with their grants
  std::vector<std::string> given_out_;
  int last_grant_ = 0;
};

}  // namespace authplane::gh_standin
