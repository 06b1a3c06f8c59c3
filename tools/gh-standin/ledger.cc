#include "ledger.h"

#include <string_view>

#include <authplane/base/encoding.h>

namespace authplane::gh_standin {
namespace {

constexpr std::chrono::minutes kCodeLifetime{10};
constexpr std::size_t kAccessTokenLength = 36, kRefreshTokenLength = 76;

std::string letters(Random& random, std::size_t count) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string text;
  for (const char byte : random.bytes(count)) {
    text += alphabet[static_cast<unsigned char>(byte) % alphabet.size()];
  }
  return text;
}

}  // namespace

std::string Ledger::new_code(PendingCode pending) {
  auto code = remember(hex_encode(random_.bytes(10)));
  codes_[code] = {std::move(pending), clock_.steady_now() + kCodeLifetime};
  return code;
}

std::optional<PendingCode> Ledger::take_code(const std::string& code) {
  auto found = codes_.extract(code);
  if (found.empty() || found.mapped().second <= clock_.steady_now()) return std::nullopt;
  return std::move(found.mapped().first);
}

IssuedTokens Ledger::open(const ScopeSet& granted, bool with_refresh_token) {
  const int grant = ++last_grant_;
  grants_[grant] = granted;
  return {new_access_token(grant, granted), with_refresh_token ? new_refresh_token(grant) : "", granted};
}

std::optional<ScopeSet> Ledger::granted_to(const std::string& refresh_token) const {
  const auto found = refresh_tokens_.find(refresh_token);
  if (found == refresh_tokens_.end()) return std::nullopt;
  return grants_.at(found->second);
}

IssuedTokens Ledger::refresh(const std::string& refresh_token, const ScopeSet& scopes, bool rotate) {
  const int grant = refresh_tokens_.at(refresh_token);
  IssuedTokens issued{new_access_token(grant, scopes), "", scopes};
  if (rotate) {
    refresh_tokens_.erase(refresh_token);
    issued.refresh_token = new_refresh_token(grant);
  }
  return issued;
}

std::optional<ScopeSet> Ledger::scopes_of(const std::string& access_token) const {
  const auto found = access_tokens_.find(access_token);
  if (found == access_tokens_.end()) return std::nullopt;
  return found->second.scopes;
}

void Ledger::revoke(const std::string& token) {
  int grant = 0;
  if (const auto found = access_tokens_.find(token); found != access_tokens_.end())
    grant = found->second.grant;
  if (const auto found = refresh_tokens_.find(token); found != refresh_tokens_.end()) grant = found->second;
  std::erase_if(access_tokens_, [&](const auto& entry) { return entry.second.grant == grant; });
  std::erase_if(refresh_tokens_, [&](const auto& entry) { return entry.second == grant; });
}

void Ledger::forget() {
  codes_.clear();
  grants_.clear();
  access_tokens_.clear();
  refresh_tokens_.clear();
}

std::string Ledger::remember(std::string secret) {
  given_out_.push_back(secret);
  return secret;
}

std::string Ledger::new_access_token(int grant, const ScopeSet& scopes) {
  auto token = remember("gho_" + letters(random_, kAccessTokenLength));
  access_tokens_[token] = {grant, scopes};
  return token;
}

std::string Ledger::new_refresh_token(int grant) {
  auto token = remember("ghr_" + letters(random_, kRefreshTokenLength));
  refresh_tokens_[token] = grant;
  return token;
}

}  // namespace authplane::gh_standin
