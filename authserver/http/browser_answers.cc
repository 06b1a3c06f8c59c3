#include "authserver/http/browser_answers.h"

#include <authplane/base/encoding.h>

#include "authserver/pages/error_page.h"

namespace authplane::authserver {
namespace {

HttpResponse see_other(std::string location) {
  return {
      .status = 303,
      .headers = {{"Location", std::move(location)}, {"Cache-Control", "no-store"}, {"Pragma", "no-cache"}},
      .body = {},
      .stream = {}};
}

// Appends to a redirect URI, which has no fragment. Percent-encoding reads the same for every decoder, '+'
// does not.
class Answer {
 public:
  explicit Answer(const ClientRedirect& to) : location_(to.uri()) {
    separator_ = location_.find('?') == std::string::npos ? '?' : '&';
    if (location_.ends_with('?') || location_.ends_with('&')) separator_ = '\0';
  }
  Answer& add(std::string_view name, std::string_view value) {
    if (separator_ != '\0') location_ += separator_;
    separator_ = '&';
    location_.append(name).append("=").append(percent_encode(value));
    return *this;
  }
  HttpResponse finish(const ClientRedirect& to, const Site& site) && {
    if (!to.state().empty()) add("state", to.state());
    add("iss", site.issuer);
    return see_other(std::move(location_));
  }

 private:
  std::string location_;
  char separator_;
};

}  // namespace

HttpResponse html_response(int status, std::string page) {
  return {.status = status,
          .headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Cache-Control", "no-store"},
                      {"Pragma", "no-cache"}},
          .body = std::move(page),
          .stream = {}};
}

HttpResponse go_to(std::string path) {
  return see_other(std::move(path));
}

HttpResponse answer_client(const IssuedCode& issued, const Site& site) {
  return std::move(Answer(issued.to).add("code", issued.code)).finish(issued.to, site);
}

HttpResponse answer_client(const RedirectRefusal& refusal, const Site& site) {
  return std::move(Answer(refusal.to)
                       .add("error", to_string(refusal.error))
                       .add("error_description", refusal.description))
      .finish(refusal.to, site);
}

HttpResponse ErrorPages::show(const Content& content, std::string_view cause) const {
  const std::string reference = hex_encode(random_.bytes(6));
  logger_.warn(
      "error page shown",
      {{"reference", reference}, {"status", content.status}, {"title", content.title}, {"cause", cause}});
  ErrorPage page{.server = site_.host,
                 .title = std::string(content.title),
                 .explanation = content.explanation,
                 .reference = reference};
  for (const Way& way : content.ways) page.links.push_back({way.label, way.href});
  HttpResponse response = html_response(content.status, render(page));
  if (content.status == 503) response.headers.add("Retry-After", "1");
  return response;
}

}  // namespace authplane::authserver
