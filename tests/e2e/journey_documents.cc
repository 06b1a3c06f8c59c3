#include "journey_documents.h"

#include <httplib.h>

#include <stdexcept>
#include <thread>

namespace authplane::e2e {

class DocumentServer::Listener {
 public:
  explicit Listener(httplib::Server::Handler handler) {
    server_.Get(".*", std::move(handler));
    port_ = server_.bind_to_any_port("127.0.0.1");
    if (port_ < 0) throw std::runtime_error("the document server has no port");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~Listener() {
    server_.stop();
    thread_.join();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }

 private:
  httplib::Server server_;
  int port_ = -1;
  std::thread thread_;
};

DocumentServer::DocumentServer()
    : listener_(
          std::make_unique<Listener>([this](const httplib::Request& request, httplib::Response& response) {
            const std::lock_guard lock(mutex_);
            ++hits_[request.path];
            const auto found = documents_.find(request.path);
            if (found == documents_.end()) {
              response.status = 404;
              return;
            }
            const Document& document = found->second;
            response.status = document.status;
            if (!document.location.empty()) response.set_header("Location", document.location);
            response.set_content(document.body, document.content_type);
          })) {}

DocumentServer::~DocumentServer() = default;

std::string DocumentServer::publish(const std::string& path, Document document) {
  const std::lock_guard lock(mutex_);
  documents_[path] = std::move(document);
  return url(path);
}

std::string DocumentServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(listener_->port()) + path;
}

int DocumentServer::hits(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = hits_.find(path);
  return found == hits_.end() ? 0 : found->second;
}

int DocumentServer::all_hits() const {
  const std::lock_guard lock(mutex_);
  int sum = 0;
  for (const auto& [path, count] : hits_) sum += count;
  return sum;
}

}  // namespace authplane::e2e
