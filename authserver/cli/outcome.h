#pragma once

#include <string>
#include <utility>

#include <authplane/base/result.h>

#include "authserver/domain/errors.h"

namespace authplane::authserver::cli {

// Why a command failed, as the user reads it after "error: ".
struct Failure {
  std::string message;
  int exit_code = 1;
};

template <class T>
using CommandResult = Result<T, Failure>;

inline Unexpected<Failure> failure(std::string message, int exit_code = 1) {
  return {Failure{std::move(message), exit_code}};
}

// The operator sits at the machine: the detail for the log belongs on the screen too.
inline Unexpected<Failure> failure(const DomainError& error) {
  std::string message = error.description.empty() ? std::string(to_string(error.code)) : error.description;
  if (!error.detail.empty()) message += " (" + error.detail + ")";
  return failure(std::move(message));
}

}  // namespace authplane::authserver::cli
