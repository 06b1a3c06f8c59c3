#pragma once

#include <memory>
#include <string>

#include "authserver/domain/metrics.h"

namespace authplane::authserver {

// Metrics kept in memory and rendered in the Prometheus text format. Thread-safe.
class PrometheusMetrics : public Metrics {
 public:
  static std::unique_ptr<PrometheusMetrics> create();
  virtual std::string render() const = 0;  // text/plain; version=0.0.4
};

}  // namespace authplane::authserver
