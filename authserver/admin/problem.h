#pragma once

#include <string_view>

#include <authplane/base/http.h>
#include <authplane/base/log.h>

#include "authserver/domain/errors.h"

namespace authplane::authserver {

// RFC 9457: type about:blank, title, status, detail.
HttpResponse problem(int status, std::string_view detail);
// The same with one more member; `json` is one JSON value.
HttpResponse problem_with(int status, std::string_view detail, std::string_view member,
                          std::string_view json);

// The table from domain errors to the admin listener's answers. What the caller cannot mend is logged with
// its cause and answered without it.
HttpResponse problem_of(const DomainError& error, Logger& logger);

}  // namespace authplane::authserver
