#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/error.h>

// What a tool handler throws when neither a result nor an `isError` text says it.

namespace authplane::mcp {

// The `error` member of a JSON-RPC answer.
struct RpcError {
  int code = 0;
  std::string message;      // fit for the wire
  std::string data_json{};  // JSON text, "" = none
};

// Answers the call with this error in place of a result. All of it goes to the client. -32700 and -32600,
// which say that the client's message was none, and data that are no JSON fail the tool instead.
class RpcException : public std::runtime_error {
 public:
  explicit RpcException(RpcError error) : std::runtime_error(error.message), error_(std::move(error)) {}
  const RpcError& error() const noexcept { return error_; }

 private:
  RpcError error_;
};

// The call cannot succeed before its user has visited pages outside of the client; the same call is made
// again after that (2025-11-25, client/elicitation). Answered with the error -32042, which names the pages in
// `data.elicitations`. Clients that cannot know it get the pages as text of an `isError` result: sessions of
// older revisions, and those that declared elicitation without the mode "url".
class UrlElicitationRequired : public RpcException {
 public:
  // Throws Exception (invalid_argument) when there is no page, or one has no id or no is_web_url().
  UrlElicitationRequired(std::string message, std::vector<UrlElicitation> elicitations);
  const std::vector<UrlElicitation>& elicitations() const noexcept { return elicitations_; }

 private:
  std::vector<UrlElicitation> elicitations_;
};

// Whether a person may be sent there: http or https, a host, no user name in front of it.
bool is_web_url(std::string_view url);

}  // namespace authplane::mcp
