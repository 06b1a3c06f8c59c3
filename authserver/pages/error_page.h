#pragma once

#include <string>

namespace authplane::authserver {

// Shown when a browser cannot be sent back to a client, or not yet.
struct ErrorPage {
  std::string server;       // host this server is known under
  std::string title;        // what went wrong, a few words
  std::string explanation;  // what it means for the user and what to do
  std::string reference;    // the request's id, by which the operator finds the reason; "" when there is none
};

std::string render(const ErrorPage& page);

}  // namespace authplane::authserver
