#include "authserver/cli/signals.h"

#include <pthread.h>

#include <cerrno>
#include <initializer_list>

namespace authplane::authserver::cli {

SignalGate::SignalGate() {
  sigemptyset(&signals_);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals_, signal);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  std::signal(SIGPIPE, SIG_IGN);
}

SignalGate::~SignalGate() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool SignalGate::is_asked_to_stop() const {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

int SignalGate::wait() const {
  int signal = -1;
  do {
    signal = sigwaitinfo(&signals_, nullptr);
  } while (signal < 0 && errno == EINTR);
  return signal;
}

}  // namespace authplane::authserver::cli
