#include "client/breaker.h"

#include <string>

namespace authplane {

CircuitBreaker::CircuitBreaker(const BreakerOptions& options, std::shared_ptr<const Clock> clock)
    : options_(options), clock_(std::move(clock)) {}

void CircuitBreaker::Permit::settle(Outcome outcome) noexcept {
  if (CircuitBreaker* breaker = std::exchange(breaker_, nullptr)) breaker->settle(era_, outcome);
}

Result<CircuitBreaker::Permit> CircuitBreaker::acquire() {
  MutexLock lock(mutex_);
  if (state_ == State::open && clock_->steady_now() >= probe_at_) enter(State::half_open);
  if (state_ == State::open || (state_ == State::half_open && probing_)) {
    return Err(ErrorCode::circuit_open,
               "the authorization server did not answer several calls in a row; calls to it are suspended "
               "for up to " +
                   std::to_string(options_.cooldown.count()) + " s");
  }
  probing_ = state_ == State::half_open;
  return Permit(*this, era_);
}

void CircuitBreaker::settle(std::uint64_t era, Outcome outcome) noexcept {
  MutexLock lock(mutex_);
  if (era != era_) return;
  probing_ = false;
  if (outcome == Outcome::answered) {
    if (state_ == State::half_open) enter(State::closed);
    failures_ = 0;
  } else if (outcome == Outcome::failed) {
    if (state_ == State::half_open || ++failures_ >= options_.threshold) enter(State::open);
  }
}

void CircuitBreaker::enter(State state) {
  state_ = state;
  ++era_;
  failures_ = 0;
  probing_ = false;
  if (state == State::open) probe_at_ = clock_->steady_now() + options_.cooldown;
}

CircuitBreaker::Outcome breaker_outcome(const Error& error) noexcept {
  switch (error.code) {
    case ErrorCode::server_error:
    case ErrorCode::transport_error:
    case ErrorCode::metadata_fetch_error:
      return CircuitBreaker::Outcome::failed;
    default:
      // An OAuth error is an answer, whatever it says.
      return error.oauth ? CircuitBreaker::Outcome::answered : CircuitBreaker::Outcome::neutral;
  }
}

}  // namespace authplane
