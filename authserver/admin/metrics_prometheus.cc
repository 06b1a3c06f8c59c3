#include "authserver/admin/metrics_prometheus.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <string_view>

#include <authplane/base/mutex.h>

namespace authplane::authserver {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void add(double amount) override { counter_.Increment(amount); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void observe(double seconds) override { histogram_.Observe(seconds); }

 private:
  prometheus::Histogram& histogram_;
};

const prometheus::Histogram::BucketBoundaries& buckets() {
  static const prometheus::Histogram::BucketBoundaries kSeconds{0.001, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                                0.25,  0.5,   1,    2.5,   5,    10};
  return kSeconds;
}

class RegistryMetrics final : public PrometheusMetrics {
 public:
  Counter& counter(std::string_view name, Labels labels) override {
    const MutexLock lock(mutex_);
    prometheus::Counter& series =
        prometheus::BuildCounter().Name(std::string(name)).Register(registry_).Add(labels_of(labels));
    return counters_.try_emplace(&series, series).first->second;
  }

  Histogram& histogram(std::string_view name, Labels labels) override {
    const MutexLock lock(mutex_);
    prometheus::Histogram& series = prometheus::BuildHistogram()
                                        .Name(std::string(name))
                                        .Register(registry_)
                                        .Add(labels_of(labels), buckets());
    return histograms_.try_emplace(&series, series).first->second;
  }

  std::string render() const override { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

 private:
  static prometheus::Labels labels_of(Labels labels) {
    prometheus::Labels copied;
    for (const auto& [name, value] : labels) copied.emplace(name, value);
    return copied;
  }

  // The registry hands out the same series for the same name and labels, at an address that stays.
  prometheus::Registry registry_;
  Mutex mutex_;
  std::map<const void*, PrometheusCounter> counters_ AUTHPLANE_GUARDED_BY(mutex_);
  std::map<const void*, PrometheusHistogram> histograms_ AUTHPLANE_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<PrometheusMetrics> PrometheusMetrics::create() {
  return std::make_unique<RegistryMetrics>();
}

}  // namespace authplane::authserver
