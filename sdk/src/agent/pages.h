#pragma once

#include <string_view>

#include <authplane/base/http.h>

namespace authplane::agent {

// The pages a browser sees at the end of a login. Constant: nothing of a request is repeated in them.
HttpResponse success_page();
HttpResponse failure_page();
HttpResponse plain_page(int status, std::string_view sentence);

}  // namespace authplane::agent
