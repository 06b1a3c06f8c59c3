#include "authserver/cli/healthcheck.h"

namespace authplane::authserver::cli {

CommandResult<std::string> health_url(const Endpoint& listen) {
  if (listen.port == 0) return failure("server.address has port 0, so the port is not known; give --url");
  std::string host = listen.address;
  if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return "http://" + host + ":" + std::to_string(listen.port) + "/health";
}

CommandResult<void> check_health(HttpTransport& transport, const std::string& url,
                                 std::chrono::milliseconds timeout) {
  Result<Url> parsed = Url::parse(url);
  if (!parsed) return failure("--url: " + parsed.error().message);
  OutboundRequest request;
  request.url = std::move(*parsed);
  request.timeout = timeout;
  Result<HttpResponse> response = transport.send(request);
  if (!response) return failure(url + " does not answer: " + response.error().message);
  if (response->status != 200) return failure(url + " answers " + std::to_string(response->status));
  return {};
}

}  // namespace authplane::authserver::cli
