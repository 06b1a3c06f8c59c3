#pragma once

#include <memory>
#include <string>

#include <authplane/base/http.h>

namespace authplane {

struct HttplibTransportOptions {
  // PEM file of the certificate authorities to trust instead of the system's; "" = the system's.
  std::string ca_certificate_file;
};

// The default transport: cpp-httplib's client within the bounds that HttpTransport promises.
// - With pinned addresses nothing is resolved, and the next address is tried only when connecting or the TLS
// handshake
//   failed, so no request is ever sent twice. Without them the system's resolver runs, and its time is not
//   bounded by the request's timeout.
// - The timeout is one deadline from connect to the last byte; one thread per transport enforces it for all
// requests.
// - TLS verification cannot be turned off.
// - Idle connections are kept for three seconds and reused for the same scheme, host, port and address. A
// request
//   that fails on a reused connection is reported, not repeated.
// - Response field values come as cpp-httplib gives them: versions before 0.44 percent-decode them.
// Errors: transport_error; invalid_argument for a method or field that would break the message, or a URL that
// is neither http nor https. Thread-safe.
std::shared_ptr<HttpTransport> make_httplib_transport(HttplibTransportOptions options = {});

}  // namespace authplane
