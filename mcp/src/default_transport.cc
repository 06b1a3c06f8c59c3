#include "default_transport.h"

#include <authplane/http_httplib/transport.h>

namespace authplane::mcp {

std::shared_ptr<HttpTransport> default_transport() {
  return make_httplib_transport();
}

}  // namespace authplane::mcp
