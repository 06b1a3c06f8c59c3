#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/result.h>

namespace authplane {

// A set of scope tokens in first-seen order, without duplicates (RFC 6749 section 3.3). Matching is exact and
// case-sensitive; tokens are opaque.
class ScopeSet {
 public:
  ScopeSet() = default;
  // Splits on spaces; empty pieces are dropped. Errors: invalid_scope when a token has a character outside
  // %x21 / %x23-5B / %x5D-7E.
  static Result<ScopeSet> parse(std::string_view text);
  // Splits on white space without checking the characters; for claims of a token whose signature was
  // verified.
  static ScopeSet split(std::string_view text);
  static ScopeSet of(std::span<const std::string> tokens);

  bool contains(std::string_view token) const;
  bool is_subset_of(const ScopeSet& other) const;
  ScopeSet intersect(const ScopeSet& other) const;  // order of *this
  ScopeSet minus(const ScopeSet& other) const;
  void insert(std::string token);

  bool empty() const { return tokens_.empty(); }
  std::size_t size() const { return tokens_.size(); }
  auto begin() const { return tokens_.begin(); }
  auto end() const { return tokens_.end(); }
  const std::vector<std::string>& tokens() const { return tokens_; }
  std::string to_string() const;  // joined by one space
  friend bool operator==(const ScopeSet&, const ScopeSet&) = default;

 private:
  std::vector<std::string> tokens_;
};

bool is_scope_token(std::string_view token) noexcept;

}  // namespace authplane
