#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>

namespace authplane::authserver {

// One event as one line, without the line break: control characters in values are escaped and invalid UTF-8
// is replaced, so no value can start a line of its own. A field named like a fixed member is prefixed with
// "field_".
std::string format_json(WallTime time, LogLevel level, std::string_view event,
                        std::initializer_list<LogField> fields);
std::string format_text(WallTime time, LogLevel level, std::string_view event,
                        std::initializer_list<LogField> fields);

}  // namespace authplane::authserver
