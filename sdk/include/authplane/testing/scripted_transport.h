#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <authplane/base/http.h>

namespace authplane::testing {

// An HttpTransport without a network. Answers come from handlers registered per URL text (without query); a
// URL nobody registered is a transport_error. Every request is recorded. Thread-safe; handlers run without a
// lock held, on the caller's thread.
class ScriptedTransport final : public HttpTransport {
 public:
  using Answer = std::function<Result<HttpResponse>(const OutboundRequest&)>;

  // Replaces what was registered for that URL.
  void on(const std::string& url, Answer answer);
  void on_json(const std::string& url, std::string body, int status = 200, Headers headers = {});

  Result<HttpResponse> send(const OutboundRequest& request) override;

  std::vector<OutboundRequest> requests() const;
  // Requests to that URL (without query) so far.
  std::size_t count(const std::string& url) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Answer> answers_;
  std::vector<OutboundRequest> requests_;
};

}  // namespace authplane::testing
