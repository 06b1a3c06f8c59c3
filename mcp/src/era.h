#pragma once

#include <memory>
#include <string>
#include <vector>

#include <authplane/base/http.h>
#include <authplane/json/json.h>

#include "json_rpc.h"

namespace authplane::mcp {

// A POST body after parsing. The messages point into `document`, their raw ids into the request's body.
struct Incoming {
  std::shared_ptr<const Json> document;
  std::vector<Message> messages;  // never empty
  bool batch = false;
};

// Legacy: handshake and sessions, up to 2025-11-25. Modern: stateless, 2026-07-28 and later.
enum class Era { legacy, modern };

struct EraClaim {
  Era era = Era::legacy;
  std::string requested{};  // modern: the version the client named, "" when it named none that is text
};

// The one place that tells the eras apart; it looks at each request alone, never at what came before. A
// request is modern when a message has `params._meta["io.modelcontextprotocol/protocolVersion"]`, whatever
// its value, or the version header names 2026-07-28 or later.
EraClaim era_of(const Headers& headers, const std::vector<Message>& messages);

// The answer to a modern request as long as no modern revision is served: -32022 with the versions that are.
HttpResponse refuse_modern(const EraClaim& claim, const Incoming& incoming);

}  // namespace authplane::mcp
