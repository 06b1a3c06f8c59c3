#include "authserver/http/response.h"

namespace authplane::authserver {

HttpResponse json_response(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(body),
          .stream = {}};
}

HttpResponse text_response(int status, std::string_view line) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::string(line) + "\n",
          .stream = {}};
}

HttpResponse no_content() {
  return {.status = 204, .headers = {}, .body = {}, .stream = {}};
}

}  // namespace authplane::authserver
