#pragma once

#include <authplane/base/clock.h>
#include <authplane/base/http.h>

#include "authserver/domain/storage.h"

namespace authplane::authserver {

// Says only that the process serves; touches nothing else.
HttpResponse livez(const Clock& clock);
// 503 while the storage cannot be read or written.
HttpResponse health(Storage& storage, const Clock& clock);
HttpResponse ready(Storage& storage, const Clock& clock);

}  // namespace authplane::authserver
