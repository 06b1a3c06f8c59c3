#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/random.h>
#include <authplane/base/result.h>
#include <authplane/base/url.h>

namespace authplane::dpop {

// A server's side of nonces (RFC 9449 sections 8 and 9). Thread-safe.
class NoncePolicy {
 public:
  virtual ~NoncePolicy() = default;
  virtual std::string current() const = 0;  // to be handed out now
  virtual bool accepts(std::string_view nonce) const = 0;
};

// Needs no storage: a nonce is the HMAC of a slot of time under a key of this process, 43 base64url
// characters. Accepted any number of times for `lifetime` after it was handed out, and up to twice that. A
// lifetime outside of 1 s to 1 h becomes the nearest of the two.
std::shared_ptr<NoncePolicy> make_nonce_policy(std::chrono::seconds lifetime,
                                               std::shared_ptr<const Clock> clock = {},
                                               std::shared_ptr<Random> random = {});

// A client's side: the newest nonce of each origin. Thread-safe; `origin` is scheme://host:port, lower case,
// always with the port: origin_of().
class NonceStore {
 public:
  virtual ~NonceStore() = default;
  virtual std::optional<std::string> get(std::string_view origin) const = 0;
  virtual void put(std::string_view origin, std::string_view nonce) = 0;
};
std::shared_ptr<NonceStore> make_nonce_store(
    std::size_t max_origins = 128);  // the least recently used leaves

std::string origin_of(const Url& url);

}  // namespace authplane::dpop
