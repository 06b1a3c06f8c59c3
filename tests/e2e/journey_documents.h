#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace authplane::e2e {

// A web server on loopback that publishes what a test wants, and counts who asked. Thread-safe.
class DocumentServer {
 public:
  DocumentServer();
  ~DocumentServer();
  DocumentServer(const DocumentServer&) = delete;
  DocumentServer& operator=(const DocumentServer&) = delete;

  struct Document {
    std::string body;
    int status = 200;
    std::string content_type = "application/json";
    std::string location = "";
  };
  // Returns the URL it is under.
  std::string publish(const std::string& path, Document document);
  std::string url(const std::string& path) const;
  int hits(const std::string& path) const;
  int all_hits() const;

 private:
  class Listener;

  mutable std::mutex mutex_;
  std::map<std::string, Document> documents_;
  std::map<std::string, int> hits_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace authplane::e2e
