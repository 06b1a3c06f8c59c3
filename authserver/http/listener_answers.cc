#include "authserver/http/listener_answers.h"

#include <utility>

#include "authserver/http/middleware.h"
#include "authserver/http/oauth_error.h"

namespace authplane::authserver {

ListenerAnswers::ListenerAnswers(Options options)
    : strict_transport_security_(options.strict_transport_security),
      cors_(std::move(options.allowed_origins)) {}

HttpResponse ListenerAnswers::write(const HttpRequest& request, int status, std::string_view error,
                                    std::string_view description) const {
  HttpResponse response = oauth_error_response(status, error, description);
  cors_.decorate(request, response);
  add_security_headers(response, strict_transport_security_);
  return response;
}

}  // namespace authplane::authserver
