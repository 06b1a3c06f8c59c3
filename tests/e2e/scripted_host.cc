#include "scripted_host.h"

#include <gtest/gtest.h>

#include "process.h"

namespace authplane::e2e {

ScriptedHost::~ScriptedHost() {
  server_.stop();
  if (thread_.joinable()) thread_.join();
}

void ScriptedHost::serve(std::shared_ptr<testing::ScriptedTransport> network,
                         const std::vector<std::string>& paths) {
  network_ = std::move(network);
  std::vector<HttpRoute> routes;
  for (const std::string& path : paths) {
    routes.push_back({path, [this](const HttpRequest& request) {
                        OutboundRequest forwarded;
                        forwarded.method = request.method;
                        forwarded.url = Url::parse(origin() + request.target).value();
                        forwarded.headers = request.headers;
                        forwarded.body = request.body;
                        auto answer = network_->send(forwarded);
                        return answer ? std::move(*answer) : HttpResponse{503, {}, {}, {}};
                      }});
  }
  mount(server_, std::move(routes));
  thread_ = std::thread([this] { server_.listen("127.0.0.1", port_); });
  EXPECT_TRUE(eventually(std::chrono::seconds(20), [&] { return port_answers(port_); }));
}

}  // namespace authplane::e2e
