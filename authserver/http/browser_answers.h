#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <authplane/base/http.h>
#include <authplane/base/log.h>
#include <authplane/base/random.h>

#include "authserver/domain/authorization_service.h"
#include "authserver/http/site.h"

namespace authplane::authserver {

// Answers to a browser. None is ever cached.

HttpResponse html_response(int status, std::string page);
// 303 to a path of this server, the base path included.
HttpResponse go_to(std::string path);

// Authorization responses (RFC 6749 section 4.1.2): 303 to the client with `code` or `error`, the state as it
// came, and the issuer (RFC 9207).
HttpResponse answer_client(const IssuedCode& issued, const Site& site);
HttpResponse answer_client(const RedirectRefusal& refusal, const Site& site);

// Error pages. Each has a reference that also stands in the log line with its cause. Thread-safe.
class ErrorPages {
 public:
  // The references outlive the object.
  ErrorPages(const Site& site, Random& random, Logger& logger)
      : site_(site), random_(random), logger_(logger) {}

  struct Way {
    std::string label;
    std::string href;  // a path of this server, or a URL it was told to trust
  };
  struct Content {
    int status;
    std::string_view title;
    std::string explanation;     // what it means for the user and what to do
    std::vector<Way> ways = {};  // on from here, the best one first
  };
  // `cause` is for the log only.
  HttpResponse show(const Content& content, std::string_view cause) const;

 private:
  const Site& site_;
  Random& random_;
  Logger& logger_;
};

}  // namespace authplane::authserver
