#include "authserver/federation/provider_transport.h"

namespace authplane::authserver {
namespace {

class ByHost final : public HttpTransport {
 public:
  ByHost(std::string host, std::shared_ptr<HttpTransport> own, std::shared_ptr<HttpTransport> other)
      : host_(std::move(host)), own_(std::move(own)), other_(std::move(other)) {}

  Result<HttpResponse> send(const OutboundRequest& request) override {
    return (request.url.host() == host_ ? own_ : other_)->send(request);
  }

 private:
  const std::string host_;
  const std::shared_ptr<HttpTransport> own_, other_;
};

}  // namespace

std::shared_ptr<HttpTransport> make_provider_transport(const Url& issuer, bool development,
                                                       std::chrono::milliseconds timeout,
                                                       std::shared_ptr<HttpTransport> inner,
                                                       std::shared_ptr<net::Resolver> resolver,
                                                       std::shared_ptr<const Clock> clock) {
  net::FetchSettings own;
  own.timeout = timeout;
  own.allow_localhost = own.allow_private_networks = true;
  own.allow_http = development;
  net::FetchSettings other = own;
  other.allow_localhost = other.allow_private_networks = development;
  return std::make_shared<ByHost>(issuer.host(), net::make_guarded_transport(own, inner, resolver, clock),
                                  net::make_guarded_transport(other, inner, resolver, clock));
}

}  // namespace authplane::authserver
