#pragma once

#include <string>

#include "authserver/config/settings.h"

namespace authplane::authserver {

// Every key with its value and where it came from, aligned; secrets are shown as "(set)" or "(empty)".
std::string resolved_table(const Settings& settings);

// docs/configuration.md: how values are found, and one row for every key.
std::string reference_document();

}  // namespace authplane::authserver
