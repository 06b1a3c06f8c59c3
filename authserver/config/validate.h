#pragma once

#include <string>
#include <vector>

#include "authserver/config/problem.h"
#include "authserver/config/settings.h"

namespace authplane::authserver {

// What the configuration is loaded for. Only a server needs a usable admin API key; commands that open the
// database directly do not read it.
enum class Purpose { serve, command };

// Every rule about values, one problem for each that is broken, in the order of the table. A value that asks
// for something this build does not have is a problem too; switches that published configurations turn on by
// habit (xaa.enabled, ...) are only worth a warning.
ConfigProblems validate(const Settings& settings, Purpose purpose);

// What is legal but deserves attention, one line each. Requires settings without problems.
std::vector<std::string> start_advice(const Settings& settings);

}  // namespace authplane::authserver
