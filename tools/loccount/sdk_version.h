#pragma once

#include <filesystem>
#include <string>

namespace authplane::loccount {

// Which SDK an example uses, read from the manifests in its own folder, first hit wins: go.mod, package.json,
// pyproject.toml, CMakeLists.txt, vcpkg.json, conanfile.*; a C++ example without a version falls back to the
// VERSION file of the repository it lives in. "(none)" when nothing tells.
std::string sdk_version(const std::filesystem::path& example);

}  // namespace authplane::loccount
