#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

namespace authplane::authserver {

// A value that only grows. Thread-safe, never throws.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) = 0;
};

// A distribution of durations in seconds. Thread-safe, never throws.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double seconds) = 0;
};

// Where the server counts what it does. Looking a series up takes a lock: callers on a hot path do it once,
// when they are built, and keep the reference, which lives as long as the Metrics. The label values of one
// name must come from a small fixed set, never from a request. Thread-safe.
class Metrics {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  virtual ~Metrics() = default;
  virtual Counter& counter(std::string_view name, Labels labels = {}) = 0;
  virtual Histogram& histogram(std::string_view name, Labels labels = {}) = 0;
};

// Counts nothing.
class NullMetrics final : public Metrics {
 public:
  Counter& counter(std::string_view, Labels) override { return counter_; }
  Histogram& histogram(std::string_view, Labels) override { return histogram_; }

 private:
  struct NullCounter final : Counter {
    void add(double) override {}
  };
  struct NullHistogram final : Histogram {
    void observe(double) override {}
  };
  NullCounter counter_;
  NullHistogram histogram_;
};

}  // namespace authplane::authserver
