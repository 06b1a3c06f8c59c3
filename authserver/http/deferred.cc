#include "authserver/http/deferred.h"

#include <future>
#include <memory>
#include <utility>

namespace authplane::authserver {

HttpHandler blocking(DeferredHandler handler) {
  return [handler = std::move(handler)](const HttpRequest& request) {
    // Shared: the thread that answers may still be inside set_value() when this one has the response.
    const auto answer = std::make_shared<std::promise<HttpResponse>>();
    std::future<HttpResponse> response = answer->get_future();
    handler(request, [answer](HttpResponse given) { answer->set_value(std::move(given)); });
    return response.get();
  };
}

}  // namespace authplane::authserver
