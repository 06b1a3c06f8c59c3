#pragma once

#include <csignal>

namespace authplane::authserver::cli {

// Holds back SIGTERM, SIGINT and SIGHUP in this thread and every thread started later, and ignores SIGPIPE,
// so that signals are handled where wait() is called and nowhere else. Construct before starting threads; one
// per process.
class SignalGate {
 public:
  SignalGate();
  ~SignalGate();
  SignalGate(const SignalGate&) = delete;
  SignalGate& operator=(const SignalGate&) = delete;

  int wait() const;               // the next of the three signals
  bool is_asked_to_stop() const;  // SIGTERM or SIGINT has come and waits

 private:
  sigset_t signals_;
  sigset_t before_;
};

}  // namespace authplane::authserver::cli
