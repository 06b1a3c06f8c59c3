#pragma once

#include <string>
#include <vector>

namespace authplane::authserver {

// Shown when a browser cannot be sent back to a client, or not yet.
struct ErrorPage {
  struct Link {
    std::string label;
    std::string href;  // a path of this server, or an http or https URL it was told to trust
  };
  std::string server;       // host this server is known under
  std::string title;        // what went wrong, a few words
  std::string explanation;  // what it means for the user and what to do
  std::string reference;    // the request's id, by which the operator finds the reason; "" when there is none
  std::vector<Link> links = {};  // ways on from here, the best one first
};

std::string render(const ErrorPage& page);

}  // namespace authplane::authserver
