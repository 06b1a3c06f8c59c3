#pragma once

#include <string>
#include <string_view>

#include <authplane/base/http.h>

namespace authplane::authserver {

HttpResponse json_response(int status, std::string body);
// text/plain; charset=utf-8, one line.
HttpResponse text_response(int status, std::string_view line);
HttpResponse no_content();

}  // namespace authplane::authserver
