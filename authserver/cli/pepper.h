#pragma once

#include <string>

#include <authplane/base/random.h>
#include <authplane/base/result.h>
#include <authplane/base/secret.h>

namespace authplane::authserver::cli {

std::string pepper_path(const std::string& directory);

// The key that client secrets are stored under when the configuration names none: the file
// client-secret.pepper in `directory`, made with mode 0600 when missing. Processes that start at once agree
// on one. It is kept apart from the database, so that a stolen database alone does not let anyone try
// secrets. Errors: runtime_error; the message names the path, the cause and what to do.
Result<SecretString> load_or_create_pepper(const std::string& directory, Random& random);

}  // namespace authplane::authserver::cli
