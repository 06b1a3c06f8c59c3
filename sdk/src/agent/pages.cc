#include "agent/pages.h"

#include <string>

namespace authplane::agent {
namespace {

HttpResponse page(int status, std::string_view title, std::string_view sentence) {
  HttpResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Cache-Control", "no-store"},
                      {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"},
                      {"Referrer-Policy", "no-referrer"},  // the URL carries a code
                      {"X-Content-Type-Options", "nosniff"},
                      {"Connection", "close"}};
  response.body =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>" +
      std::string(title) +
      "</title><style>body{font:1.1em/1.5 system-ui,sans-serif;max-width:28em;margin:20vh auto;padding:0 1em}"
      "</style><h1>" +
      std::string(title) + "</h1><p>" + std::string(sentence) + "</p></html>\n";
  return response;
}

}  // namespace

HttpResponse success_page() {
  return page(200, "You are signed in", "You can close this page and go back to the program.");
}

HttpResponse failure_page() {
  return page(400, "The login failed",
              "Nothing was granted. The program says why; start the login there again.");
}

HttpResponse plain_page(int status, std::string_view sentence) {
  return page(status, reason_phrase(status), sentence);
}

}  // namespace authplane::agent
