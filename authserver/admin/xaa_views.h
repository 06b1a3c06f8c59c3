#pragma once

#include <authplane/json/json.h>

#include "authserver/domain/xaa.h"

// How cross-application access looks in JSON, for the admin API and for `--json` of the command line.

namespace authplane::authserver {

OrderedJson view_of(const TrustedIdp& idp);
// Without `scopes` when it bounds none: an empty list is one that nothing passes.
OrderedJson view_of(const XaaPolicy& policy);
OrderedJson view_of(const SubjectMapping& mapping);

}  // namespace authplane::authserver
