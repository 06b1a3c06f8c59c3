#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <authplane/base/clock.h>
#include <authplane/base/mutex.h>
#include <authplane/base/result.h>
#include <authplane/client/options.h>

namespace authplane {

// Keeps a client from hammering an authorization server that does not answer. Closed: calls pass. Open, after
// `threshold` consecutive failures: calls fail at once. Half-open, after `cooldown`: one call at a time
// passes as a probe. Thread-safe.
class CircuitBreaker {
 public:
  enum class Outcome {
    answered,  // the server works: closes the circuit and resets the count
    failed,    // counts
    neutral,   // says nothing about the server
  };

  // Leave to make one call. Destroying it unsettled counts as neutral, so a probe slot is always given back.
  class Permit {
   public:
    Permit(Permit&& other) noexcept : breaker_(std::exchange(other.breaker_, nullptr)), era_(other.era_) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() { settle(Outcome::neutral); }
    // The first call counts, later ones do nothing.
    void settle(Outcome outcome) noexcept;

   private:
    friend class CircuitBreaker;
    Permit(CircuitBreaker& breaker, std::uint64_t era) : breaker_(&breaker), era_(era) {}
    CircuitBreaker* breaker_;
    std::uint64_t era_;
  };

  CircuitBreaker(const BreakerOptions& options, std::shared_ptr<const Clock> clock);

  // Errors: circuit_open.
  Result<Permit> acquire() AUTHPLANE_EXCLUDES(mutex_);

 private:
  enum class State { closed, open, half_open };

  void settle(std::uint64_t era, Outcome outcome) noexcept AUTHPLANE_EXCLUDES(mutex_);
  void enter(State state) AUTHPLANE_REQUIRES(mutex_);

  const BreakerOptions options_;
  const std::shared_ptr<const Clock> clock_;
  Mutex mutex_;
  State state_ AUTHPLANE_GUARDED_BY(mutex_) = State::closed;
  std::uint64_t era_ AUTHPLANE_GUARDED_BY(mutex_) =
      0;  // one per state entered; outcomes of earlier ones are stale
  int failures_ AUTHPLANE_GUARDED_BY(mutex_) = 0;
  bool probing_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  SteadyTime probe_at_ AUTHPLANE_GUARDED_BY(mutex_){};
};

// How a call that ended in this error bears on the circuit.
CircuitBreaker::Outcome breaker_outcome(const Error& error) noexcept;

}  // namespace authplane
