#include "authserver/http_beast/connection.h"

#include <cxxabi.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <span>
#include <typeinfo>
#include <utility>

#include "authserver/http_beast/loop.h"
#include "authserver/http_beast/response_writer.h"

namespace authplane::http_beast {
namespace {

using std::chrono::milliseconds;

// After a refusal the peer may still be sending; closing at once would reset the connection and could destroy
// the answer before it is read (RFC 9112 section 9.6). So input is discarded for this long and this much.
constexpr milliseconds kLinger{1000};
constexpr std::size_t kMaxDiscarded = 1024 * 1024;

// Reads before other connections of the loop get their turn.
constexpr int kMaxReadsInARow = 8;

// Of the exception being handled. Its text is not logged: it may quote the request.
const char* exception_type() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  return type == nullptr ? "unknown" : type->name();
}

constexpr OwnAnswer kInternalError{500, "server_error", "internal error"};

}  // namespace

Connection::Connection(std::shared_ptr<Loop> loop, Socket socket, Peer peer)
    : loop_(std::move(loop)),
      socket_(std::move(socket)),
      fd_(socket_.native_handle()),
      peer_(std::move(peer)),
      deadline_(SteadyTime{}),
      scanner_(loop_->service().head_limits) {}

Connection::~Connection() {
  release_body();
  if (!closed_) loop_->service().connections.release(peer_);
}

void Connection::post(void (Connection::*member)()) {
  loop_->post([self = shared_from_this(), member] { ((*self).*member)(); });
}

void Connection::start() {
  if (loop_->aborted()) return;
  loop_->add(shared_from_this());
  set_deadline(loop_->service().options.idle_timeout);
  resume();
}

// Reading

void Connection::set_deadline(milliseconds from_now) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + from_now;
  deadline_ = deadline;
  loop_->wake_by(*this, deadline);
}

void Connection::wait_for_input() {
  if (stage_ == Stage::head && loop_->service().draining) return close();
  if (waiting_for_input_) return;
  waiting_for_input_ = true;
  socket_.async_wait(Socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& failure) {
                       self->waiting_for_input_ = false;
                       if (!failure && !self->closed_) self->on_readable();
                     });
}

void Connection::on_readable() {
  Holder holder = Holder::exchange;
  const bool noted = holder_.compare_exchange_strong(holder, Holder::exchange_with_input);
  if (noted || holder == Holder::exchange_with_input) return;  // resume() follows the answer
  read();
}

void Connection::read() {
  const std::span<char> buffer = loop_->read_buffer();
  for (int i = 0; i < kMaxReadsInARow; ++i) {
    const ssize_t received = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (received <= 0) return close();
    const std::size_t size = static_cast<std::size_t>(received);
    if (stage_ == Stage::lingering) {
      discarded_ += size;
      if (discarded_ > kMaxDiscarded) return close();
    } else if (!consume({buffer.data(), size})) {
      return;
    }
    if (size < buffer.size()) break;
  }
  wait_for_input();
}

void Connection::resume() {
  if (closed_ || holder_ != Holder::loop || stage_ != Stage::head) return;
  if (!input_.empty()) {
    std::string pending;
    pending.swap(input_);
    if (!consume(pending)) return;
  }
  read();
}

bool Connection::consume(std::string_view bytes) {
  if (stage_ == Stage::body) return consume_body(bytes);
  const bool begun = !input_.empty();
  if (begun) {
    input_.append(bytes);
    bytes = input_;
  }
  switch (scanner_.scan(bytes)) {
    case HeadScanner::Progress::incomplete:
      if (!begun) {
        input_.assign(bytes);
        set_deadline(loop_->service().options.head_timeout);
      }
      return true;
    case HeadScanner::Progress::refused:
      refuse(scanner_.refusal());
      return false;
    case HeadScanner::Progress::complete:
      break;
  }
  std::string collected;
  if (begun) {
    collected.swap(input_);
    bytes = collected;
  }
  return consume_request(bytes);
}

bool Connection::consume_request(std::string_view bytes) {
  const std::string_view head_bytes = bytes.substr(scanner_.begin(), scanner_.end() - scanner_.begin());
  bytes.remove_prefix(scanner_.end());
  scanner_.reset();
  Service& service = loop_->service();
  HttpRequest seen;
  auto head = parse_head(head_bytes, service.head_limits, &seen);
  if (!head) {
    refuse(head.error(), std::move(seen));
    return false;
  }
  if (head->content_length > service.options.max_body_bytes) {
    if (!service.large_bodies.acquire(head->content_length)) {
      ++service.overloaded_requests;
      refuse({503, "too many large requests, try again"}, std::move(head->request));
      return false;
    }
    reserved_ = head->content_length;
  }
  request_ = std::move(head->request);
  request_.remote_address = peer_.address;
  http_1_0_ = head->http_1_0;
  keep_alive_ = head->keep_alive;
  body_left_ = head->content_length;
  if (body_left_ > bytes.size()) {
    stage_ = Stage::body;
    set_deadline(loop_->service().options.body_timeout);
    if (head->expects_continue && bytes.empty()) {
      std::size_t sent = 0;  // the buffer is empty: earlier answers have been sent
      send_now(fd_, "HTTP/1.1 100 Continue\r\n\r\n", {}, sent);
    }
  }
  return consume_body(bytes);
}

bool Connection::consume_body(std::string_view bytes) {
  const std::string_view body = bytes.substr(0, body_left_);
  request_.body.append(body);
  body_left_ -= body.size();
  if (body_left_ != 0) return true;
  input_.assign(bytes.substr(body.size()));
  dispatch();
  return false;
}

void Connection::dispatch() {
  stage_ = Stage::answering;
  const bool pipelined = !input_.empty();
  holder_ = pipelined ? Holder::exchange_with_input : Holder::exchange;
  // The deadline of the idle connection after the answer is set without the loop, but cannot be earlier than
  // this.
  loop_->wake_by(*this, std::chrono::steady_clock::now() + loop_->service().options.idle_timeout);
  if (!pipelined) wait_for_input();
  loop_->dispatch(shared_from_this());
}

void Connection::release_body() {
  loop_->service().large_bodies.release(std::exchange(reserved_, 0));
}

void Connection::refuse(const Refusal& refusal, HttpRequest seen) {
  loop_->service().logger.debug(
      "http request refused",
      {{"status", refusal.status}, {"reason", refusal.description}, {"remote_address", peer_.address}});
  stage_ = Stage::answering;
  holder_ = Holder::exchange;
  refused_ = true;
  request_ = {};
  input_ = {};
  release_body();
  const std::string_view error = refusal.status == 503 ? "temporarily_unavailable" : "invalid_request";
  answer(loop_->service().own_answer(seen, {refusal.status, error, refusal.description}));
}

void Connection::refuse_overload() {
  // The request was read whole, so the connection stays: reconnecting would cost both sides more than this
  // answer.
  ++loop_->service().overloaded_requests;
  response_ = {};
  answer(loop_->service().own_answer(request_, overload("the server is busy, try again")));
}

void Connection::on_time(SteadyTime now) {
  const auto self = shared_from_this();  // close() may drop the last other reference
  if (!writing_ && holder_ != Holder::loop) {
    return loop_->wake_by(*this, now + loop_->service().options.idle_timeout);  // a handler takes its time
  }
  const SteadyTime deadline = deadline_;
  if (now < deadline) return loop_->wake_by(*this, deadline);
  expire();
}

void Connection::expire() {
  const bool began_request = stage_ == Stage::body || (stage_ == Stage::head && !input_.empty());
  if (writing_ || !began_request) return close();
  refuse({408, "the request did not arrive in time"}, std::move(request_));
}

// Answering

void Connection::run() {
  try {
    if (response_.stream) return answer_with_stream(std::exchange(response_, {}));
    run_handler();
  } catch (...) {  // out of memory
    loop_->service().logger.error("http answer failed", {{"exception", exception_type()}});
    post(&Connection::close);
  }
}

void Connection::run_handler() {
  const Service& service = loop_->service();
  HttpResponse response;
  try {
    if (service.async_handler) return service.async_handler(request_, Responder(shared_from_this()));
    response = service.handler(request_);
  } catch (...) {
    service.logger.error("http handler threw", {{"exception", exception_type()}});
    if (service.async_handler) return;  // its Responder answers
    response = service.own_answer(request_, kInternalError);
  }
  answer(std::move(response));
}

void Connection::respond(HttpResponse response) {
  response_ = std::move(response);
  loop_->complete(shared_from_this());
}

void Connection::send_response() {
  if (closed_) return;
  if (response_.stream) return loop_->dispatch(shared_from_this());
  answer(std::exchange(response_, {}));
}

void Connection::answer(HttpResponse response) {
  if (response.stream) return answer_with_stream(std::move(response));
  keep_alive_ = keep_alive_ && !refused_ && !asks_to_close(response) && !loop_->service().draining;
  const bool answers_head_method = request_.method == "HEAD";
  thread_local std::string head;
  head.clear();
  if (!append_response_head(response, {.close = !keep_alive_}, head)) {
    loop_->service().logger.error("http handler returned a malformed response",
                                  {{"status", response.status}});
    response = loop_->service().own_answer(request_, kInternalError);
    append_response_head(response, {.close = !keep_alive_}, head);
  }
  const bool no_body = answers_head_method || has_no_body(response.status);
  const std::string_view body = no_body ? std::string_view() : std::string_view(response.body);
  std::size_t sent = 0;
  switch (send_now(fd_, head, body, sent)) {
    case SendOutcome::complete:
      return finish_answer();
    case SendOutcome::failed:
      return post(&Connection::close);
    case SendOutcome::would_block:
      output_.assign(head).append(body);
      output_sent_ = sent;
      return post(&Connection::continue_writing);
  }
}

void Connection::answer_with_stream(HttpResponse response) {
  Service& service = loop_->service();
  if (!service.streams.acquire()) {
    ++service.overloaded_requests;
    return answer(service.own_answer(request_, overload("too many streams, try again")));
  }
  keep_alive_ = keep_alive_ && !asks_to_close(response) && !service.draining;
  const BodyFraming framing = http_1_0_ ? BodyFraming::until_close : BodyFraming::chunked;
  std::string head;
  if (!append_response_head(response, {.body = framing, .close = !keep_alive_}, head)) {
    service.streams.release();
    service.logger.error("http handler returned a malformed response", {{"status", response.status}});
    return answer(service.own_answer(request_, kInternalError));
  }
  SocketSink sink(fd_, framing, service.options.write_timeout);
  bool whole = send_by(fd_, head, {}, std::chrono::steady_clock::now() + service.options.write_timeout);
  if (whole && request_.method != "HEAD" && !has_no_body(response.status)) {
    try {
      response.stream(sink);
      whole = sink.finish();
    } catch (...) {
      service.logger.error("http stream threw", {{"exception", exception_type()}});
      whole = false;  // the missing last chunk tells the client
    }
  }
  service.streams.release();
  if (!whole) return post(&Connection::close);
  finish_answer();
}

void Connection::finish_answer() {
  if (!keep_alive_) return post(&Connection::close_after_answer);
  request_ = {};
  release_body();
  stage_ = Stage::head;
  deadline_ = std::chrono::steady_clock::now() + loop_->service().options.idle_timeout;
  // From here on the loop may read the next request. drain() sets `draining`, then looks at the holder; this
  // does it the other way round, so one of the two sees the idle connection.
  const Holder was = holder_.exchange(Holder::loop);
  if (was == Holder::exchange_with_input || loop_->service().draining) post(&Connection::resume);
}

// The rest of an answer

void Connection::continue_writing() {
  if (closed_) return;
  if (!std::exchange(writing_, true)) set_deadline(loop_->service().options.write_timeout);
  switch (send_now(fd_, output_, {}, output_sent_)) {
    case SendOutcome::complete:
      writing_ = false;
      output_ = {};
      return finish_answer();
    case SendOutcome::failed:
      return close();
    case SendOutcome::would_block:
      break;
  }
  socket_.async_wait(Socket::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& failure) {
                       if (!failure) self->continue_writing();
                     });
}

void Connection::close_after_answer() {
  if (closed_) return;
  holder_ = Holder::loop;
  char next = 0;
  const bool more_input = !input_.empty() || ::recv(fd_, &next, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  if (!refused_ && !more_input) return close();
  linger();
}

void Connection::linger() {
  stage_ = Stage::lingering;
  input_ = {};
  ::shutdown(fd_, SHUT_WR);
  set_deadline(kLinger);
  read();
}

void Connection::abort() {
  if (holder_ == Holder::loop || writing_) return close();
  ::shutdown(fd_, SHUT_RDWR);  // the exchange notices; closing would free the descriptor under it
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  release_body();
  boost::system::error_code ignored;
  socket_.close(ignored);
  loop_->service().connections.release(peer_);
  loop_->remove(*this);
}

}  // namespace authplane::http_beast
