#pragma once

#include <string>
#include <string_view>

#include "authserver/cli/outcome.h"

namespace authplane::authserver::cli {

// The text of the file that `flag` names; at most 1 MiB.
CommandResult<std::string> read_text_file(const std::string& path, std::string_view flag);

// JSON as a flag takes it: an object that is written out, or the path of a file with one. Not checked
// further.
CommandResult<std::string> json_argument(const std::string& value, std::string_view flag);

}  // namespace authplane::authserver::cli
