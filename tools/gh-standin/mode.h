#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace authplane::gh_standin {

// What the stand-in does differently from a provider that grants whatever is asked for.
enum class Mode {
  approve,  // nothing
  // The authorization page.
  deny,         // answers error=access_denied
  interactive,  // asks a person, with a form
  wrong_state,  // sends another state back
  // The token endpoint, what is granted.
  scope_subset,  // read:user alone
  scope_comma,   // lists the scopes with commas, as GitHub does
  scope_absent,  // does not say, which means what was asked for (RFC 6749 section 5.1)
  scope_empty,   // an empty list, as GitHub Apps do
  no_refresh,    // no refresh token, as GitHub's classic OAuth apps
  no_rotate,     // refreshing leaves the refresh token as it is
  rotate,        // refreshing ends it, and another one takes its place; this is the default too
  form_body,     // answers a form even to those who accept JSON
  // The token endpoint, how it fails. Nothing is spent or issued.
  error_200,     // an error under status 200, as GitHub does
  error_400,     // invalid_grant (RFC 6749 section 5.2)
  http_500,      // a page
  huge_body,     // more than 1 MiB
  bad_json,      // a body cut off in the middle
  redirect_hop,  // 302 to /_hop, which nobody should follow
  slow,          // answers after a while. Does not rotate: whoever gave up may ask again with the same token
};

struct Behaviour {
  Mode mode = Mode::approve;
  std::chrono::milliseconds delay{0};  // of slow
  friend bool operator==(const Behaviour&, const Behaviour&) = default;
};

// "deny", "slow:250"; nullopt for anything unknown and delays over 10 minutes.
std::optional<Behaviour> parse_behaviour(std::string_view text);
std::string to_string(const Behaviour& behaviour);

enum class Endpoint { authorize, token };

// Which behaviour is on. Not thread-safe.
class ModeSwitch {
 public:
  explicit ModeSwitch(Behaviour initial) : initial_(initial), current_(initial), after_(initial) {}

  // `once`: for the next request to the endpoint it concerns, then what was on before.
  void set(Behaviour next, bool once);
  void reset() { current_ = after_ = initial_; }
  // What that endpoint does with the request at hand; plain approval when the mode is about the other one.
  Behaviour take(Endpoint endpoint);
  const Behaviour& current() const { return current_; }

 private:
  const Behaviour initial_;
  Behaviour current_, after_;
};

}  // namespace authplane::gh_standin
