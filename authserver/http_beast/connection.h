#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <authplane/base/http.h>

#include "authserver/http_beast/connection_count.h"
#include "authserver/http_beast/head_parser.h"
#include "authserver/http_beast/listener.h"
#include "authserver/http_beast/timer_wheel.h"
#include "authserver/http_beast/worker_pool.h"

namespace authplane::http_beast {

class Loop;

// One client connection: reads a request, has it handled, answers, and only then looks at the next.
//
// At any time one thread holds the connection: its loop, or the exchange in progress (the worker that runs
// the handler, or whoever owns the Responder). `holder_` passes it to and fro; everything not atomic belongs
// to the holder unless marked "loop only". While an exchange is in progress the loop neither reads nor closes
// the socket.
class Connection final : public Job,
                         public Responder::Exchange,
                         public TimerEntry,
                         public std::enable_shared_from_this<Connection> {
 public:
  using Socket =
      boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  // `peer` was admitted by ConnectionCount; it is released when the connection closes or is destroyed
  // unstarted.
  Connection(std::shared_ptr<Loop> loop, Socket socket, Peer peer);
  ~Connection() override;

  // On the loop.
  void start();
  void resume();  // looks for input the exchange left waiting; closes an idle connection while draining
  void on_time(SteadyTime now);
  void refuse_overload();  // after dispatch: no worker is free
  void send_response();    // after respond()
  void abort();            // ends the connection, or cuts the socket under the exchange that holds it
  void close();

  // On a worker: runs the handler, or the stream of a response that has one.
  void run() override;
  // By whoever owns the Responder, on any thread.
  void respond(HttpResponse response) override;

 private:
  enum class Holder { loop, exchange, exchange_with_input };
  enum class Stage { head, body, answering, lingering };

  // Reading, on the loop.
  void wait_for_input();
  void on_readable();
  void read();
  // These return true while the request needs more bytes, false once it was dispatched or refused.
  bool consume(std::string_view bytes);
  bool consume_request(std::string_view bytes);
  bool consume_body(std::string_view bytes);
  void dispatch();
  void refuse(const Refusal& refusal, HttpRequest seen = {});
  void release_body();
  void set_deadline(std::chrono::milliseconds from_now);
  void expire();

  // Answering, by the holder of the exchange.
  void run_handler();
  void answer(HttpResponse response);
  void answer_with_stream(HttpResponse response);
  void finish_answer();

  // The rest of an answer, on the loop.
  void continue_writing();
  void close_after_answer();
  void linger();

  void post(void (Connection::*member)());

  const std::shared_ptr<Loop> loop_;
  Socket socket_;  // loop only
  const int fd_;
  const Peer peer_;
  std::atomic<Holder> holder_{Holder::loop};
  std::atomic<SteadyTime> deadline_;
  Stage stage_ = Stage::head;
  bool waiting_for_input_ = false;  // loop only
  bool writing_ = false;            // loop only: sending what the socket did not take at once
  bool closed_ = false;             // loop only
  bool http_1_0_ = false;
  bool keep_alive_ = true;
  bool refused_ = false;  // the answer is to a request that was not read to its end
  std::size_t body_left_ = 0;
  std::size_t reserved_ = 0;  // of Service::large_bodies
  std::size_t discarded_ = 0;
  HeadScanner scanner_;
  std::string input_;   // part of a head, or what followed the request now being handled
  std::string output_;  // the rest of an answer, from output_sent_ on
  std::size_t output_sent_ = 0;
  HttpRequest request_;
  HttpResponse response_;
};

}  // namespace authplane::http_beast
