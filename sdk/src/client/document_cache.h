#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/base/mutex.h>
#include <authplane/base/result.h>

#include "client/single_flight.h"

namespace authplane {

// Keeps one document that is fetched from elsewhere: served from memory while fresh, refreshed in the
// background from 80 % of its lifetime on, fetched once for all callers after it has expired, and kept when a
// refresh fails. Thread-safe; no lock is held while fetching.
template <class T>
class DocumentCache {
 public:
  using Document = std::shared_ptr<const T>;
  struct Fetched {
    Document document;
    std::chrono::seconds lifetime;  // > 0, counted from the end of the fetch
    std::uint64_t fingerprint = 0;  // equal for equal documents
  };
  using Fetch = std::function<Result<Fetched>()>;
  // Runs a task soon on another thread. False when it will not run.
  using Background = std::function<bool(std::function<void()>)>;

  struct Options {
    std::string name;                               // for logs and messages: "key set"
    ErrorCode unavailable;                          // code when there is nothing to serve
    std::optional<std::chrono::seconds> max_stale;  // age from which a document is no longer served
    std::chrono::seconds retry_after{30};           // pause after a failed fetch
    std::chrono::seconds force_interval{30};        // between forced refreshes
  };

  DocumentCache(Options options, Fetch fetch, Background background, std::shared_ptr<const Clock> clock,
                std::shared_ptr<Logger> logger)
      : options_(std::move(options)),
        fetch_(std::move(fetch)),
        background_(std::move(background)),
        clock_(std::move(clock)),
        logger_(std::move(logger)) {}

  // The document by the rules above. Errors: options.unavailable.
  Result<Document> get() AUTHPLANE_EXCLUDES(mutex_) {
    Seat seat;
    {
      MutexLock lock(mutex_);
      const SteadyTime now = clock_->steady_now();
      if (document_ && now < refresh_at_) return document_;
      if (document_ && now < expires_at_) {
        if (flight_ || refresh_posted_ || now < retry_at_) return document_;
        refresh_posted_ = true;
      } else if (!flight_ && now < retry_at_) {
        return last_good(now);
      } else {
        seat = board();
      }
    }
    if (!seat.flight) {
      post_refresh();
    } else if (auto loaded = travel(seat)) {
      return loaded;
    }
    MutexLock lock(mutex_);
    return last_good(clock_->steady_now());
  }

  // The fingerprint of the document while nothing is due, without a lock; nullopt from the refresh-ahead
  // point on. A caller who saw a fingerprint gets that document or a later one from get().
  std::optional<std::uint64_t> fresh_fingerprint(SteadyTime now) const noexcept {
    if (now.time_since_epoch().count() >= fresh_until_.load(std::memory_order_acquire)) return std::nullopt;
    return fingerprint_.load(std::memory_order_acquire);
  }

  // Fetches now, or joins the fetch under way. Errors: those of the fetch, as they came.
  Result<Document> load() AUTHPLANE_EXCLUDES(mutex_) {
    Seat seat;
    {
      MutexLock lock(mutex_);
      seat = board();
    }
    return travel(seat);
  }

  // A document other than `seen`: the one there already is, else one fetched now. Errors: those of the fetch.
  Result<Document> newer_than(const Document& seen) AUTHPLANE_EXCLUDES(mutex_) {
    Seat seat;
    {
      MutexLock lock(mutex_);
      if (document_ != seen) return document_;
      seat = board();
    }
    return travel(seat);
  }

  // The same, but starts at most one fetch per force_interval and returns `seen` when it may not. Joining a
  // fetch under way is always allowed.
  Result<Document> newer_than_paced(const Document& seen) AUTHPLANE_EXCLUDES(mutex_) {
    Seat seat;
    {
      MutexLock lock(mutex_);
      if (document_ != seen) return document_;
      if (!flight_) {
        const SteadyTime now = clock_->steady_now();
        if (force_at_ && now < *force_at_) return seen;
        force_at_ = now + options_.force_interval;
      }
      seat = board();
    }
    return travel(seat);
  }

 private:
  struct Seat {
    std::shared_ptr<Flight<Document>> flight;
    bool leads = false;
  };

  Seat board() AUTHPLANE_REQUIRES(mutex_) {
    const bool leads = !flight_;
    if (leads) flight_ = std::make_shared<Flight<Document>>();
    return {flight_, leads};
  }

  Result<Document> travel(const Seat& seat) AUTHPLANE_EXCLUDES(mutex_) {
    if (!seat.leads) return seat.flight->wait();
    Result<Fetched> fetched = fly(fetch_);
    Result<Document> result =
        fetched ? Result<Document>(fetched->document) : Result<Document>(Err(fetched.error()));
    {
      MutexLock lock(mutex_);
      fetched ? store(*fetched) : note_failure(fetched.error());
      flight_.reset();
      refresh_posted_ = false;
    }
    seat.flight->land(result);
    if (!fetched) {
      logger_->warn("refresh failed", {{"document", options_.name}, {"cause", fetched.error().message}});
    }
    return result;
  }

  void post_refresh() AUTHPLANE_EXCLUDES(mutex_) {
    const bool posted = background_([this] {
      {
        MutexLock lock(mutex_);
        if (!refresh_posted_) return;  // somebody has fetched in the meantime
      }
      (void)load();
    });
    if (posted) return;
    MutexLock lock(mutex_);
    refresh_posted_ = false;
  }

  void store(const Fetched& fetched) AUTHPLANE_REQUIRES(mutex_) {
    document_ = fetched.document;
    fetched_at_ = clock_->steady_now();
    refresh_at_ = fetched_at_ + fetched.lifetime * 4 / 5;
    expires_at_ = fetched_at_ + fetched.lifetime;
    retry_at_ = fetched_at_;
    failure_.clear();
    fingerprint_.store(fetched.fingerprint, std::memory_order_release);
    fresh_until_.store(refresh_at_.time_since_epoch().count(), std::memory_order_release);
  }

  void note_failure(const Error& error) AUTHPLANE_REQUIRES(mutex_) {
    retry_at_ = clock_->steady_now() + options_.retry_after;
    failure_ = error.message;
  }

  Result<Document> last_good(SteadyTime now) const AUTHPLANE_REQUIRES(mutex_) {
    if (document_ && (!options_.max_stale || now - fetched_at_ <= *options_.max_stale)) return document_;
    return Err(options_.unavailable,
               "no usable " + options_.name + (failure_.empty() ? std::string() : ": " + failure_));
  }

  const Options options_;
  const Fetch fetch_;
  const Background background_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Logger> logger_;

  std::atomic<std::uint64_t> fingerprint_ = 0;
  std::atomic<SteadyTime::rep> fresh_until_ = SteadyTime::min().time_since_epoch().count();

  Mutex mutex_;
  Document document_ AUTHPLANE_GUARDED_BY(mutex_);
  std::shared_ptr<Flight<Document>> flight_ AUTHPLANE_GUARDED_BY(mutex_);
  SteadyTime fetched_at_ AUTHPLANE_GUARDED_BY(mutex_){};
  SteadyTime refresh_at_ AUTHPLANE_GUARDED_BY(mutex_){};
  SteadyTime expires_at_ AUTHPLANE_GUARDED_BY(mutex_){};
  SteadyTime retry_at_ AUTHPLANE_GUARDED_BY(mutex_) = SteadyTime::min();  // after a failed fetch
  std::optional<SteadyTime> force_at_ AUTHPLANE_GUARDED_BY(mutex_);       // unset: the first may go at once
  bool refresh_posted_ AUTHPLANE_GUARDED_BY(mutex_) = false;
  std::string failure_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace authplane
