#pragma once

#include <memory>

#include <authplane/base/http.h>

namespace authplane::mcp {

// The transport a client uses when it was given none.
std::shared_ptr<HttpTransport> default_transport();

}  // namespace authplane::mcp
