#pragma once

// For tests only.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "authserver/domain/metrics.h"

namespace authplane::authserver {

// Counts by "name{label=value,...}".
class CountingMetrics final : public Metrics {
 public:
  Counter& counter(std::string_view name, Labels labels) override { return series(counters_, name, labels); }
  Histogram& histogram(std::string_view name, Labels labels) override {
    return series(histograms_, name, labels);
  }
  double count(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto it = counters_.find(key);
    return it == counters_.end() ? 0 : it->second->value.load();
  }
  int observations(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto it = histograms_.find(key);
    return it == histograms_.end() ? 0 : it->second->times.load();
  }

 private:
  struct Count final : Counter {
    void add(double amount) override { value += amount; }
    std::atomic<double> value = 0;
  };
  struct Observed final : Histogram {
    void observe(double) override { ++times; }
    std::atomic<int> times = 0;
  };

  template <class T>
  T& series(std::map<std::string, std::unique_ptr<T>>& all, std::string_view name, Labels labels) {
    std::string key(name);
    for (const auto& [label, value] : labels) {
      key.append(&label == &labels.begin()->first ? "{" : ",").append(label).append("=").append(value);
    }
    if (labels.size() != 0) key += "}";
    const std::lock_guard lock(mutex_);
    auto& found = all[key];
    if (!found) found = std::make_unique<T>();
    return *found;
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Count>> counters_;
  std::map<std::string, std::unique_ptr<Observed>> histograms_;
};

}  // namespace authplane::authserver
