#include <authplane/http_httplib/server.h>

#include <future>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socket_test_util.h"

namespace authplane {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

template <class Server>
class Running {
 public:
  template <class... Args>
  explicit Running(std::vector<HttpRoute> routes, Args&&... args) : server(std::forward<Args>(args)...) {
    mount(server, std::move(routes));
    port = server.bind_to_any_port("127.0.0.1");
    EXPECT_GT(port, 0);
    thread_ = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
  }
  ~Running() { stop(); }
  void stop() {
    server.stop();
    if (thread_.joinable()) thread_.join();
  }

  Server server;
  int port = 0;

 private:
  std::thread thread_;
};

// Remembers what the handler saw.
class Recorder {
 public:
  HttpRoute route(std::string path) {
    return {std::move(path), [this](const HttpRequest& request) {
              const std::lock_guard lock(mutex_);
              requests_.push_back(request);
              HttpResponse response;
              response.body = request.method + " " + request.body;
              return response;
            }};
  }
  std::vector<HttpRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::vector<HttpRequest> requests_;
};

std::string get(std::string_view path, std::string_view fields = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

class GuardedServerTest : public testing::Test {
 protected:
  std::string exchange(const std::string& bytes) {
    RawClient client(server_.port);
    client.send(bytes);
    return client.read_all();
  }

  Recorder recorder_;
  Running<GuardedServer> server_{std::vector<HttpRoute>{recorder_.route("/mcp")}};
};

TEST_F(GuardedServerTest, HandsTheRequestOverAsItCame) {
  RawClient client(server_.port);
  client.send(
      "POST /mcp?a=%2F+b HTTP/1.1\r\nHost: h:8080\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\n"
      "X-Raw: %2E%00%0d%0aX: y\r\nExpect: 100-continue\r\nRange: bytes=0-1\r\nContent-Length: "
      "5\r\n\r\nhello");
  EXPECT_THAT(client.read_response(), testing::AllOf(HasSubstr("HTTP/1.1 200 OK"), EndsWith("POST hello")));
  const auto requests = recorder_.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].target, "/mcp?a=%2F+b");
  EXPECT_EQ(requests[0].query(), "a=%2F+b");
  EXPECT_THAT(requests[0].headers.all("Authorization"), ElementsAre("Bearer a", "Bearer b"));
  EXPECT_EQ(requests[0].headers.get("X-Raw"), "%2E%00%0d%0aX: y");
  EXPECT_EQ(requests[0].headers.get("Range"), "bytes=0-1");
  EXPECT_FALSE(requests[0].headers.contains("REMOTE_ADDR"));
  EXPECT_EQ(requests[0].remote_address, "127.0.0.1");
}

TEST_F(GuardedServerTest, EveryMethodReachesTheHandler) {
  RawClient client(server_.port);
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    client.send(method + " /mcp HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\n" + method + " "));
    client.send(method + " /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\n" + method + " hi"));
  }
}

TEST_F(GuardedServerTest, HeadGetsTheHeadOnly) {
  const std::string response = exchange("HEAD /mcp HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(response, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(response, EndsWith("\r\n\r\n"));
}

TEST_F(GuardedServerTest, OnlyTheExactRawPathIsServed) {
  for (const char* path : {"/", "/mcp/", "/%6Dcp", "/mcpx", "/MCP", "//mcp", "/mcp%2F", "/mcp%00"}) {
    RawClient client(server_.port);
    client.send(get(path));
    EXPECT_EQ(status_of(client.read_response()), 404) << path;
  }
  EXPECT_THAT(recorder_.requests(), testing::IsEmpty());
}

TEST_F(GuardedServerTest, RefusesAmbiguousRequestsAndHangsUp) {
  const std::pair<std::string, int> cases[] = {
      {"POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 411},
      {"POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 3x\r\n\r\nhello", 400},
      {"POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n", 413},
      {"POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 415},
      {get("/mcp", "REMOTE_ADDR: 10.0.0.1\r\n"), 400},
      {get("/mcp", "X-A : 1\r\n"), 400},
      {get("/mcp", "X-A: 1\r\n folded\r\n"), 400},
      {"GET /mcp HTTP/1.1\r\n\r\n", 400},
      {get("/mcp", "Host: other\r\n"), 400},
      {"GET /mcp HTTP/1.1\nHost: h\n\n", 400},
      {get("/" + std::string(9000, 'a')), 414},
      {get("/mcp", "X: " + std::string(8193, 'a') + "\r\n"), 400},
      {"BREW /mcp HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"\x16\x03\x01\x02\n", 400},
  };
  for (const auto& [bytes, status] : cases) {
    const std::string response = exchange(bytes);
    EXPECT_EQ(status_of(response), status) << bytes;
    EXPECT_THAT(response, HasSubstr("Connection: close\r\n")) << bytes;
  }
  EXPECT_THAT(recorder_.requests(), testing::IsEmpty());
}

TEST_F(GuardedServerTest, RefusesTooManyOrTooLargeFields) {
  std::string many;
  for (int i = 0; i < 3000; ++i) many += "X: 1\r\n";
  EXPECT_EQ(status_of(exchange(get("/mcp", many))), 431);
  std::string large = "GET /mcp HTTP/1.1\r\nHost: h\r\nX: ";
  EXPECT_EQ(status_of(exchange(large + std::string(100'000, 'a'))), 431);
}

TEST_F(GuardedServerTest, AnEndlessHeadIsCutOff) {
  RawClient client(server_.port);
  client.send("GET /mcp HTTP/1.1\r\nX: ");
  const std::string block(64 * 1024, 'a');
  int blocks = 0;
  while (blocks < 4096 && client.send(block)) ++blocks;
  EXPECT_LT(blocks, 4096) << "256 MiB of one header line were taken";
}

TEST_F(GuardedServerTest, ABodyBehindAGetIsNeverServedAsARequest) {
  const std::string inner = "GET /mcp?smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
  RawClient client(server_.port);
  client.send(get("/mcp?outer", "Content-Length: " + std::to_string(inner.size()) + "\r\n"));
  client.send(inner);
  EXPECT_EQ(status_of(client.read_response()), 200);
  client.send(get("/mcp?next", "Connection: close\r\n"));
  client.read_all();
  const auto requests = recorder_.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].body, inner);
  EXPECT_EQ(requests[1].query(), "next");
}

TEST_F(GuardedServerTest, PipelinedRequestsAreAnsweredInOrder) {
  const std::string responses = exchange(
      "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1POST /mcp HTTP/1.1\r\nHost: "
      "h\r\nConnection: close\r\n"
      "Content-Length: 1\r\n\r\n2POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n3");
  EXPECT_THAT(responses, HasSubstr("POST 1HTTP/1.1 200 OK"));
  EXPECT_THAT(responses, EndsWith("POST 2"));
}

TEST_F(GuardedServerTest, AsksForTheBodyWhenExpected) {
  RawClient client(server_.port);
  client.send("POST /mcp HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.read_response(), EndsWith("POST ok"));
}

TEST_F(GuardedServerTest, FormAndMultipartBodiesArriveWhole) {
  for (const std::string type :
       {"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data"}) {
    RawClient client(server_.port);
    const std::string body = "a=" + std::string(9000, 'b');
    client.send("POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Type: " + type +
                "\r\nContent-Length: 9002\r\n\r\n" + body);
    EXPECT_EQ(status_of(client.read_response()), 200) << type;
    EXPECT_EQ(recorder_.requests().back().body, body);
  }
}

TEST_F(GuardedServerTest, AHalfClosedClientStillGetsItsAnswer) {
  RawClient client(server_.port);
  client.send(get("/mcp"));
  client.half_close();
  EXPECT_EQ(status_of(client.read_all()), 200);
}

TEST_F(GuardedServerTest, Http10IsAnsweredOnceAndClosed) {
  EXPECT_EQ(status_of(exchange("GET /mcp HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n")), 200);
}

TEST_F(GuardedServerTest, APortInUseIsAnError) {
  GuardedServer second;
  EXPECT_FALSE(second.bind_to_port("127.0.0.1", server_.port));
}

TEST(GuardedServerRoutes, OwnRoutesOfTheLibraryWorkBesideMountedOnes) {
  Recorder recorder;
  Running<GuardedServer> server({recorder.route("/mounted")});
  server.server.Get("/own", [](const ::httplib::Request& request, ::httplib::Response& response) {
    response.set_content(request.get_param_value("x"), "text/plain");
  });
  RawClient client(server.port);
  client.send(get("/own?x=1"));
  EXPECT_THAT(client.read_response(), EndsWith("\r\n\r\n1"));
  client.send(get("/mounted"));
  EXPECT_EQ(status_of(client.read_response()), 200);
}

TEST(GuardedServerRoutes, PatternCharactersInAPathAreLiteral) {
  Recorder recorder;
  Running<GuardedServer> server({recorder.route("/.well-known/a+b(c)[d]/:id*")});
  RawClient client(server.port);
  client.send(get("/.well-known/a+b(c)[d]/:id*"));
  EXPECT_EQ(status_of(client.read_response()), 200);
  client.send(get("/xwell-known/a+b(c)[d]/:id*"));
  EXPECT_EQ(status_of(client.read_response()), 404);
}

TEST(GuardedServerAnswers, StatusAndRepeatedFieldsAreKept) {
  const HttpRoute route{"/", [](const HttpRequest&) {
                          HttpResponse response;
                          response.status = 401;
                          response.headers = {{"WWW-Authenticate", "Bearer"},
                                              {"WWW-Authenticate", "DPoP"},
                                              {"Content-Type", "application/json"}};
                          response.body = "{}";
                          return response;
                        }};
  Running<GuardedServer> server({route});
  RawClient client(server.port);
  client.send(get("/"));
  const std::string response = client.read_response();
  EXPECT_EQ(status_of(response), 401);
  EXPECT_THAT(response, HasSubstr("WWW-Authenticate: Bearer\r\n"));
  EXPECT_THAT(response, HasSubstr("WWW-Authenticate: DPoP\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Type: application/json\r\n"));
}

TEST(GuardedServerAnswers, AnExceptionIs500WithoutItsText) {
  Running<GuardedServer> server(
      {{"/std", [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret-text"); }},
       {"/int", [](const HttpRequest&) -> HttpResponse { throw 7; }}});
  server.server.Get("/own", [](const ::httplib::Request&, ::httplib::Response&) { throw 7; });
  server.server.Get("/own-std", [](const ::httplib::Request&, ::httplib::Response&) {
    throw std::runtime_error("secret-text");
  });
  for (const char* path : {"/std", "/int", "/own", "/own-std"}) {
    RawClient client(server.port);
    client.send(get(path));
    const std::string response = client.read_response();
    EXPECT_EQ(status_of(response), 500) << path;
    EXPECT_THAT(response, Not(HasSubstr("secret-text"))) << path;
  }
}

TEST(GuardedServerStreams, SendTheHeadAtOnceAndEachPieceAsWritten) {
  std::promise<void> head_seen;
  const HttpRoute route{"/events", [&](const HttpRequest&) {
                          HttpResponse response;
                          response.headers = {{"Content-Type", "text/event-stream"}};
                          response.stream = [&](BodySink& sink) {
                            head_seen.get_future().wait();
                            EXPECT_TRUE(sink.write("data: 1\n\n"));
                            EXPECT_TRUE(sink.write(""));
                            EXPECT_TRUE(sink.write("data: 2\n\n"));
                          };
                          return response;
                        }};
  Running<GuardedServer> server({route});
  RawClient client(server.port);
  client.send(get("/events"));
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  head_seen.set_value();
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n");
}

TEST(GuardedServerStreams, SeeThePeerLeave) {
  std::promise<void> ended;
  const HttpRoute route{"/", [&](const HttpRequest&) {
                          HttpResponse response;
                          response.stream = [&](BodySink& sink) {
                            const std::string block(64 * 1024, 'x');
                            while (sink.write(block)) {
                            }
                            ended.set_value();
                          };
                          return response;
                        }};
  Running<GuardedServer> server({route});
  {
    RawClient client(server.port);
    client.send(get("/"));
    client.read_until("\r\n\r\n");
  }
  EXPECT_EQ(ended.get_future().wait_for(60s), std::future_status::ready);
}

TEST(GuardedServerLoad, SlowAndIdleClientsHoldNoWorker) {
  Recorder recorder;
  GuardOptions options;
  options.workers = 2;
  Running<GuardedServer> server({recorder.route("/")}, options);
  std::vector<RawClient> slow;
  for (int i = 0; i < 20; ++i) {
    slow.emplace_back(server.port);
    if (i % 4 == 1) slow.back().send("GET / HT");
    if (i % 4 == 2) slow.back().send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    if (i % 4 == 3) {
      slow.back().send(get("/"));
      slow.back().read_response();
    }
  }
  RawClient quick(server.port);
  quick.send(get("/", "Connection: close\r\n"));
  EXPECT_EQ(status_of(quick.read_all()), 200);
  slow[1].send("TP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(status_of(slow[1].read_response()), 200);
  slow[2].send("second");
  EXPECT_THAT(slow[2].read_response(), EndsWith("POST halfsecond"));
}

TEST(GuardedServerLoad, ADrippedHeadMeetsOneAbsoluteDeadline) {
  Recorder recorder;
  GuardOptions options;
  options.head_timeout = 300ms;
  options.max_head_bytes = 1024 * 1024 * 1024;  // only the clock can end this
  Running<GuardedServer> server({recorder.route("/")}, options);
  RawClient client(server.port);
  client.send("GET / HTTP/1.1\r\nX: ");
  std::atomic<bool> done{false};
  std::thread drip([&] {
    while (!done && client.send("a")) std::this_thread::yield();
  });
  const std::string response = client.read_all();
  done = true;
  drip.join();
  EXPECT_EQ(status_of(response), 408);
}

TEST(GuardedServerLoad, UnfinishedRequestsTimeOut) {
  Recorder recorder;
  GuardOptions options;
  options.head_timeout = options.body_timeout = 200ms;
  Running<GuardedServer> server({recorder.route("/")}, options);
  RawClient head(server.port);
  RawClient body(server.port);
  head.send("GET / HTTP/1.1\r\n");
  body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(status_of(head.read_all()), 408);
  EXPECT_EQ(status_of(body.read_all()), 408);
}

TEST(GuardedServerLoad, SilenceEndsAConnectionWithoutAWord) {
  Recorder recorder;
  GuardOptions options;
  options.idle_timeout = 200ms;
  Running<GuardedServer> server({recorder.route("/")}, options);
  RawClient silent(server.port);
  EXPECT_EQ(silent.read_all(), "");
  // A connection is idle after its answer too. On a busy machine its request may come too late as well.
  for (std::string answer; answer.empty();) {
    RawClient idle(server.port);
    idle.send(get("/"));
    answer = idle.read_response();
    EXPECT_EQ(idle.read_all(), "");
    if (!answer.empty()) {
      EXPECT_EQ(status_of(answer), 200);
    }
  }
}

TEST(GuardedServerLoad, TheDeadlinesHoldForLaterConnectionsToo) {
  Recorder recorder;
  GuardOptions options;
  options.head_timeout = 20ms;
  Running<GuardedServer> server({recorder.route("/")}, options);
  // Each comes while the one before it leaves.
  for (int i = 0; i < 20; ++i) {
    RawClient client(server.port);
    client.send("GET / HTTP/1.1\r\n");
    ASSERT_EQ(status_of(client.read_all()), 408) << i;
  }
}

TEST(GuardedServerLoad, ConnectionsBeyondTheLimitAreToldToComeBack) {
  Recorder recorder;
  GuardOptions options;
  options.max_connections = 2;
  Running<GuardedServer> server({recorder.route("/")}, options);
  RawClient first(server.port);
  RawClient second(server.port);
  first.send(get("/"));
  second.send(get("/"));
  first.read_response();
  second.read_response();
  RawClient third(server.port);
  const std::string response = third.read_all();
  EXPECT_EQ(status_of(response), 503);
  EXPECT_THAT(response, HasSubstr("Retry-After: 1\r\n"));
}

TEST(GuardedServerLoad, AnnouncedBodiesShareOneBudget) {
  Recorder recorder;
  GuardOptions options;
  options.max_buffered_bytes = 1000;
  Running<GuardedServer> server({recorder.route("/")}, options);
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 600\r\n\r\n";
  RawClient first(server.port);
  first.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 600\r\n\r\n");
  EXPECT_EQ(status_of(first.read_until("\r\n\r\n")), 100);
  RawClient second(server.port);
  second.send(head);
  EXPECT_EQ(status_of(second.read_all()), 503);
  first.send(std::string(600, 'a'));
  EXPECT_EQ(status_of(first.read_response()), 200);
  first.send(head + std::string(600, 'b'));
  EXPECT_EQ(status_of(first.read_response()), 200);
}

TEST(GuardedServerLoad, TheLastRequestOfAConnectionAnnouncesIt) {
  Recorder recorder;
  GuardOptions options;
  options.max_requests_per_connection = 2;
  Running<GuardedServer> server({recorder.route("/")}, options);
  RawClient client(server.port);
  client.send(get("/"));
  EXPECT_THAT(client.read_response(), Not(HasSubstr("Connection: close")));
  client.send(get("/"));
  EXPECT_THAT(client.read_all(), HasSubstr("Connection: close\r\n"));
}

TEST(GuardedServerStop, LetsARequestInFlightFinishAndClosesIdleConnections) {
  std::promise<void> entered;
  std::promise<void> release;
  const HttpRoute route{"/", [&](const HttpRequest& request) {
                          if (request.query() == "slow") {
                            entered.set_value();
                            release.get_future().wait();
                          }
                          return HttpResponse{.status = 200, .headers = {}, .body = "done", .stream = {}};
                        }};
  Running<GuardedServer> server({route});
  RawClient idle(server.port);
  idle.send(get("/"));
  idle.read_response();
  RawClient busy(server.port);
  busy.send(get("/?slow"));
  entered.get_future().wait();
  server.server.stop();  // returns once nothing is accepted any more
  release.set_value();
  EXPECT_THAT(busy.read_all(), EndsWith("done"));
  EXPECT_EQ(idle.read_all(), "");
}

TEST(GuardedServerStop, EndsStreams) {
  const HttpRoute route{"/", [](const HttpRequest&) {
                          HttpResponse response;
                          response.stream = [](BodySink& sink) {
                            while (sink.write("tick\n")) std::this_thread::yield();
                          };
                          return response;
                        }};
  Running<GuardedServer> server({route});
  RawClient client(server.port);
  client.send(get("/"));
  client.read_until("tick");
  std::thread reader([&] { client.read_all(); });
  server.stop();
  reader.join();
}

TEST(GuardedServerStop, TheServerCanListenAgain) {
  Recorder recorder;
  GuardedServer server;
  mount(server, {recorder.route("/")});
  for (int round = 0; round < 2; ++round) {
    const int port = server.bind_to_any_port("127.0.0.1");
    std::thread thread([&] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
    RawClient client(port);
    client.send(get("/"));
    EXPECT_EQ(status_of(client.read_response()), 200);
    server.stop();
    thread.join();
  }
}

TEST(PlainServerMount, WorksOnTheLibrarysOwnServer) {
  Recorder recorder;
  Running<::httplib::Server> server({recorder.route("/mcp")});
  RawClient client(server.port);
  const std::string body = "a=" + std::string(9000, 'b');
  client.send(
      "POST /mcp?q HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
      "9002\r\n\r\n" +
      body);
  EXPECT_EQ(status_of(client.read_response()), 200);
  client.send("DELETE /mcp HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(status_of(client.read_response()), 200);
  client.send(
      "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: "
      "2\r\n\r\nhi");
  EXPECT_EQ(status_of(client.read_response()), 415);
  const auto requests = recorder.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].body, body);
  EXPECT_EQ(requests[0].target, "/mcp?q");
  EXPECT_FALSE(requests[0].headers.contains("REMOTE_ADDR"));
  EXPECT_EQ(requests[0].remote_address, "127.0.0.1");
}

TEST(PlainServerMount, BodiesOverTheLimitAre413) {
  Recorder recorder;
  Running<::httplib::Server> server({recorder.route("/mcp")});
  RawClient client(server.port);
  const std::string head = "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n";
  client.send(head + std::string(1'048'577, 'a'));
  EXPECT_EQ(status_of(client.read_response()), 413);
  EXPECT_THAT(recorder.requests(), testing::IsEmpty());
}

}  // namespace
}  // namespace authplane
