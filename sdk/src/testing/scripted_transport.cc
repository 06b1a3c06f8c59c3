#include <authplane/testing/scripted_transport.h>

namespace authplane::testing {
namespace {

std::string without_query(const std::string& url) {
  return url.substr(0, url.find('?'));
}

}  // namespace

void ScriptedTransport::on(const std::string& url, Answer answer) {
  std::lock_guard lock(mutex_);
  answers_[without_query(url)] = std::move(answer);
}

void ScriptedTransport::on_json(const std::string& url, std::string body, int status, Headers headers) {
  HttpResponse response{
      .status = status, .headers = std::move(headers), .body = std::move(body), .stream = {}};
  if (!response.headers.contains("Content-Type")) response.headers.add("Content-Type", "application/json");
  on(url, [response](const OutboundRequest&) -> Result<HttpResponse> { return response; });
}

Result<HttpResponse> ScriptedTransport::send(const OutboundRequest& request) {
  Answer answer;
  {
    std::lock_guard lock(mutex_);
    requests_.push_back(request);
    const auto found = answers_.find(without_query(request.url.text()));
    if (found != answers_.end()) answer = found->second;
  }
  if (!answer)
    return Err(ErrorCode::transport_error, "no scripted answer for " + without_query(request.url.text()));
  return answer(request);
}

std::vector<OutboundRequest> ScriptedTransport::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t ScriptedTransport::count(const std::string& url) const {
  std::lock_guard lock(mutex_);
  std::size_t n = 0;
  for (const auto& request : requests_) n += without_query(request.url.text()) == without_query(url);
  return n;
}

}  // namespace authplane::testing
