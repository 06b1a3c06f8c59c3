#include <authplane/http_httplib/transport.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <optional>

#include <authplane/http_httplib/server.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socket_test_util.h"
#include "watchdog.h"

namespace authplane {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

OutboundRequest request_to(int port, const std::string& path = "/", const std::string& host = "127.0.0.1") {
  OutboundRequest request;
  request.url = Url::parse("http://" + host + ":" + std::to_string(port) + path).value();
  request.timeout = 30s;
  return request;
}

std::string transport_error(const Result<HttpResponse>& result) {
  if (result) return "no error";
  EXPECT_EQ(result.error().code, ErrorCode::transport_error);
  return result.error().message;
}

// Answers every request of every connection with the same bytes and keeps what it was sent.
class EchoScript {
 public:
  explicit EchoScript(std::string answer)
      : server([this, answer = std::move(answer)](int socket) {
          for (std::string text = ScriptedServer::read_request(socket); !text.empty();
               text = ScriptedServer::read_request(socket)) {
            {
              const std::lock_guard lock(mutex_);
              requests_.push_back(text);
            }
            ScriptedServer::write(socket, answer);
            if (answer.find("Content-Length") == std::string::npos) return;
          }
        }) {}
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> requests_;

 public:
  ScriptedServer server;
};

TEST(HttplibTransport, SendsTheRequestAndReturnsTheResponse) {
  EchoScript script("HTTP/1.1 401 Unauthorized\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 2\r\n\r\nok");
  const auto transport = make_httplib_transport();
  OutboundRequest request = request_to(script.server.port(), "/a%2Fb?x=%20+");
  request.method = "POST";
  request.headers = {{"Authorization", "Bearer t"},
                     {"X-B", "1"},
                     {"X-B", "2"},
                     {"host", "evil"},
                     {"Accept-Encoding", "gzip"}};
  request.body = "body";
  const auto response = transport->send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 401);
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(response->headers.count("X-A"), 2U);
  const std::string sent = script.requests().at(0);
  EXPECT_THAT(sent, testing::StartsWith("POST /a%2Fb?x=%20+ HTTP/1.1\r\n"));
  EXPECT_THAT(sent, HasSubstr("Host: 127.0.0.1:" + std::to_string(script.server.port()) + "\r\n"));
  EXPECT_THAT(sent, Not(HasSubstr("evil")));
  EXPECT_THAT(sent, HasSubstr("Accept-Encoding: identity\r\n"));
  EXPECT_THAT(sent, Not(HasSubstr("gzip")));
  EXPECT_THAT(sent, HasSubstr("X-B: 1\r\n"));
  EXPECT_THAT(sent, HasSubstr("X-B: 2\r\n"));
  EXPECT_THAT(sent, testing::EndsWith("\r\n\r\nbody"));
}

TEST(HttplibTransport, RedirectsAreAnswersNotInstructions) {
  EchoScript script("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
  const auto response = make_httplib_transport()->send(request_to(script.server.port()));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(script.requests().size(), 1U);
}

TEST(HttplibTransport, CodedContentIsNotDecoded) {
  const std::string coded = "\x1f\x8b not really gzip";
  EchoScript script("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                    std::to_string(coded.size()) + "\r\n\r\n" + coded);
  const auto response = make_httplib_transport()->send(request_to(script.server.port()));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, coded);
}

TEST(HttplibTransport, ReusesAConnectionToTheSamePlace) {
  EchoScript script("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const auto transport = make_httplib_transport();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(transport->send(request_to(script.server.port())));
  EXPECT_EQ(script.requests().size(), 3U);
  EXPECT_EQ(script.server.connections(), 1);
}

TEST(HttplibTransport, PinnedAddressesReplaceResolutionAndKeepTheHostName) {
  EchoScript script("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  OutboundRequest request = request_to(script.server.port(), "/", "as.example.invalid");
  request.pinned_addresses = {"127.0.0.1"};
  const auto response = make_httplib_transport()->send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_THAT(script.requests().at(0),
              HasSubstr("Host: as.example.invalid:" + std::to_string(script.server.port()) + "\r\n"));
}

TEST(HttplibTransport, TheNextPinnedAddressIsTriedWhenConnectingFails) {
  EchoScript script("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  OutboundRequest request = request_to(script.server.port(), "/", "as.example.invalid");
  request.pinned_addresses = {"127.0.0.2", "127.0.0.1"};  // the script listens on the second only
  EXPECT_TRUE(make_httplib_transport()->send(request));
}

TEST(HttplibTransport, ARequestThatWasSentIsNeverSentAgain) {
  std::atomic<int> requests{0};
  ScriptedServer server([&](int socket) {
    if (!ScriptedServer::read_request(socket).empty()) ++requests;
  });
  OutboundRequest request = request_to(server.port(), "/", "as.example.invalid");
  request.method = "POST";
  request.body = "grant";
  request.pinned_addresses = {"127.0.0.1", "127.0.0.1", "127.0.0.1"};
  EXPECT_THAT(transport_error(make_httplib_transport()->send(request)), HasSubstr("connection closed"));
  EXPECT_EQ(requests, 1);
}

TEST(HttplibTransport, NamesHostPortAndCauseButNoContent) {
  // Bound, so that nobody else gets the port, but not listening.
  const OwnedFd bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(bound.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&address), &size);
  const int port = ntohs(address.sin_port);
  OutboundRequest request = request_to(port, "/secret-path?token=secret-query");
  request.headers = {{"Authorization", "Bearer secret-token"}};
  request.body = "secret-body";
  const std::string message = transport_error(make_httplib_transport()->send(request));
  EXPECT_THAT(message, HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(message, HasSubstr("connection refused"));
  EXPECT_THAT(message, Not(HasSubstr("secret")));
}

TEST(HttplibTransport, LimitsTheDeclaredLength) {
  std::atomic<bool> body_wanted{false};
  ScriptedServer server([&](int socket) {
    ScriptedServer::read_request(socket);
    ScriptedServer::write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n");
    char byte = 0;
    if (::recv(socket, &byte, 1, 0) > 0) body_wanted = true;
  });
  OutboundRequest request = request_to(server.port());
  request.max_response_bytes = 1000;
  EXPECT_THAT(transport_error(make_httplib_transport()->send(request)),
              HasSubstr("response over 1000 bytes"));
  EXPECT_FALSE(body_wanted);
}

TEST(HttplibTransport, LimitsWhatIsReadWhateverWasDeclared) {
  for (const char* framing :
       {"Transfer-Encoding: chunked\r\n\r\n3e9\r\n", "\r\n", "Content-Length: abc\r\n\r\n"}) {
    EchoScript script("HTTP/1.1 200 OK\r\nConnection: close\r\n" + std::string(framing) +
                      std::string(1001, 'a') + "\r\n0\r\n\r\n");
    OutboundRequest request = request_to(script.server.port());
    request.max_response_bytes = 1000;
    const auto response = make_httplib_transport()->send(request);
    if (response) {
      EXPECT_LE(response->body.size(), 1000U) << framing;
    } else {
      EXPECT_EQ(response.error().code, ErrorCode::transport_error);
    }
  }
  EchoScript exact("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'a'));
  OutboundRequest request = request_to(exact.server.port());
  request.max_response_bytes = 1000;
  EXPECT_TRUE(make_httplib_transport()->send(request));
}

TEST(HttplibTransport, AChunkedResponseOverTheLimitIsAnError) {
  EchoScript script("HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                    std::string(1001, 'a') + "\r\n0\r\n\r\n");
  OutboundRequest request = request_to(script.server.port());
  request.max_response_bytes = 1000;
  EXPECT_THAT(transport_error(make_httplib_transport()->send(request)),
              HasSubstr("response over 1000 bytes"));
}

TEST(HttplibTransport, AnEndlessResponseHeadIsCutOff) {
  ScriptedServer server([](int socket) {
    ScriptedServer::read_request(socket);
    ScriptedServer::write(socket, "HTTP/1.1 200 OK\r\nX: ");
    const std::string block(64 * 1024, 'a');
    while (ScriptedServer::write(socket, block)) {
    }
  });
  OutboundRequest request = request_to(server.port());
  request.timeout = 30s;
  const auto started = std::chrono::steady_clock::now();
  EXPECT_THAT(transport_error(make_httplib_transport()->send(request)),
              testing::AnyOf(HasSubstr("response over"), HasSubstr("malformed response")));
  EXPECT_LT(std::chrono::steady_clock::now() - started, 20s);
}

TEST(HttplibTransport, OneDeadlineBoundsADrippedResponse) {
  ScriptedServer server([](int socket) {
    ScriptedServer::read_request(socket);
    ScriptedServer::write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    pollfd entry{.fd = socket, .events = POLLIN, .revents = 0};
    while (ScriptedServer::write(socket, "a") && ::poll(&entry, 1, 20) == 0) {
    }
  });
  OutboundRequest request = request_to(server.port());
  request.timeout = 300ms;
  const auto started = std::chrono::steady_clock::now();
  EXPECT_THAT(transport_error(make_httplib_transport()->send(request)), HasSubstr("timed out after 300 ms"));
  EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
}

TEST(HttplibTransport, TheDeadlineHoldsInASilentTlsHandshakeAndNoSignalEndsTheProcess) {
  const auto before = std::signal(SIGPIPE, SIG_DFL);  // a server in this process has ignored it
  ScriptedServer server([](int socket) {
    char byte = 0;
    while (::recv(socket, &byte, 1, 0) > 0) {
    }
  });
  OutboundRequest request;
  request.url = Url::parse("https://127.0.0.1:" + std::to_string(server.port()) + "/").value();
  request.timeout = 300ms;
  const auto started = std::chrono::steady_clock::now();
  EXPECT_THAT(transport_error(make_httplib_transport()->send(request)), HasSubstr("timed out after 300 ms"));
  EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
  std::signal(SIGPIPE, before);
}

TEST(HttplibTransport, RefusesWhatWouldBreakTheMessage) {
  const auto transport = make_httplib_transport();
  const auto code = [&](const OutboundRequest& request) { return transport->send(request).error().code; };
  OutboundRequest request = request_to(1);
  request.headers = {{"X", "a\r\nY: b"}};
  EXPECT_EQ(code(request), ErrorCode::invalid_argument);
  request.headers = {{"X: y", "a"}};
  EXPECT_EQ(code(request), ErrorCode::invalid_argument);
  request.headers = {};
  request.method = "GET / HTTP/1.1\r\nX:";
  EXPECT_EQ(code(request), ErrorCode::invalid_argument);
  request.method = "GET";
  request.url = Url::parse("ftp://127.0.0.1/").value();
  EXPECT_EQ(code(request), ErrorCode::invalid_argument);
}

TEST(HttplibTransport, ServesManyThreads) {
  GuardedServer server;
  mount(server, {{"/", [](const HttpRequest& request) {
                    return HttpResponse{.status = 200, .headers = {}, .body = request.body, .stream = {}};
                  }}});
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread listening([&] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::yield();
  const auto transport = make_httplib_transport();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        OutboundRequest request = request_to(port);
        request.method = "POST";
        request.body = std::to_string(t * 100 + i);
        const auto response = transport->send(request);
        if (!response || response->body != request.body) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  server.stop();
  listening.join();
  EXPECT_EQ(wrong, 0);
}

// A TLS server on a self-signed certificate for "as.example.test".
class TlsServer {
 public:
  TlsServer() : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    sign_certificate();
    const auto folder = std::filesystem::temp_directory_path();
    const std::string stem = (folder / ("authplane-transport-" + std::to_string(::getpid()))).string();
    certificate_file = stem + ".pem";
    key_file_ = stem + ".key";
    std::FILE* file = std::fopen(certificate_file.c_str(), "w");
    PEM_write_X509(file, certificate_);
    std::fclose(file);
    file = std::fopen(key_file_.c_str(), "w");
    PEM_write_PrivateKey(file, key_, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    server_ = std::make_unique<::httplib::SSLServer>(certificate_file.c_str(), key_file_.c_str());
    server_->Get("/", [](const ::httplib::Request&, ::httplib::Response& response) {
      response.set_content("tls", "text/plain");
    });
    port = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::yield();
  }
  ~TlsServer() {
    server_->stop();
    thread_.join();
    server_.reset();
    X509_free(certificate_);
    EVP_PKEY_free(key_);
    std::filesystem::remove(certificate_file);
    std::filesystem::remove(key_file_);
  }

  OutboundRequest request(const std::string& host) const {
    OutboundRequest result;
    result.url = Url::parse("https://" + host + ":" + std::to_string(port) + "/").value();
    result.timeout = 30s;
    result.pinned_addresses = {"127.0.0.1"};
    return result;
  }

  std::string certificate_file;
  int port = 0;

 private:
  void sign_certificate() {
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_set_version(certificate_, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    X509_NAME* name = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1,
                               -1, 0);
    X509_set_issuer_name(certificate_, name);
    for (const auto& [nid, value] : {std::pair(NID_basic_constraints, "CA:TRUE"),
                                     std::pair(NID_subject_alt_name, "DNS:as.example.test")}) {
      X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
      X509_add_ext(certificate_, extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(certificate_, key_, EVP_sha256());
  }

  std::string key_file_;
  EVP_PKEY* key_;
  X509* certificate_;
  std::unique_ptr<::httplib::SSLServer> server_;
  std::thread thread_;
};

TEST(HttplibTransportTls, VerifiesTheCertificateByHostNameNotAddress) {
  const TlsServer server;
  const auto trusting = make_httplib_transport({.ca_certificate_file = server.certificate_file});
  const auto response = trusting->send(server.request("as.example.test"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "tls");
  EXPECT_THAT(transport_error(trusting->send(server.request("other.example.test"))),
              HasSubstr("TLS certificate"));
}

TEST(HttplibTransportTls, RefusesAnUnknownAuthority) {
  const TlsServer server;
  const auto message = transport_error(make_httplib_transport()->send(server.request("as.example.test")));
  EXPECT_THAT(message, HasSubstr("TLS certificate"));
  EXPECT_THAT(message, HasSubstr("as.example.test:"));
}

class WatchdogTest : public testing::Test {
 protected:
  Watchdog::Callback record(int id) {
    return [this, id] {
      const std::lock_guard lock(mutex_);
      calls_.push_back(id);
      changed_.notify_all();
      return SteadyTime::max();
    };
  }

  // The calls in their order, with `unit` between the deadlines; nullopt when the machine was too slow to set
  // all of it up before the first of them.
  std::optional<std::vector<int>> calls_of(std::chrono::milliseconds unit) {
    calls_.clear();
    Watchdog watchdog;
    const SteadyTime start = std::chrono::steady_clock::now();
    const Watchdog::Watch late(watchdog, start + 3 * unit, record(2));
    const Watchdog::Watch early(watchdog, start + unit, record(1));
    { const Watchdog::Watch gone(watchdog, start + 2 * unit, record(3)); }
    if (std::chrono::steady_clock::now() >= start + unit) return std::nullopt;
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 30s, [&] { return calls_.size() == 2; }));
    return calls_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> calls_;
};

TEST_F(WatchdogTest, CallsBackInOrderAndNeverAfterTheWatchIsGone) {
  std::optional<std::vector<int>> calls;
  for (auto unit = 20ms; !calls; unit *= 2) calls = calls_of(unit);
  EXPECT_THAT(*calls, testing::ElementsAre(1, 2));
}

}  // namespace
}  // namespace authplane
