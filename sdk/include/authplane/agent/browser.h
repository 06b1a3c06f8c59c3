#pragma once

#include <functional>
#include <string>

#include <authplane/base/result.h>

namespace authplane::agent {

// Shows a page to the user. Called once per login, on the thread that needs the token. Gets https URLs, and
// http ones of a loopback address, nothing else. It must return at once, without waiting for the user: the
// answer is waited for afterwards, and login_timeout starts only then. The session's lease is held meanwhile:
// token(), token_after() or logout() of that session, or of another one for the same server on the same
// store, called from here, waits for ever. An error ends the login and is its error; a std::exception ends it
// with runtime_error; anything else that is thrown passes through to the caller of the session.
using OpenUrl = std::function<Result<void>(const std::string& url)>;

// Starts the program named by $BROWSER, else xdg-open, with the URL as its only argument and its output
// discarded. No shell is involved. Errors: invalid_argument for a URL of another kind; runtime_error when the
// program cannot be started.
Result<void> open_in_browser(const std::string& url);

// The default: prints the URL on standard error, then opens it. Where no browser can be started, printing is
// enough.
Result<void> print_and_open(const std::string& url);

// Whether a URL is one that may be opened: https, or http with a loopback host. Errors: invalid_argument.
Result<void> check_browser_url(const std::string& url);

}  // namespace authplane::agent
