#pragma once

#include <memory>
#include <string>

#include <authplane/base/clock.h>
#include <authplane/base/log.h>
#include <authplane/dpop/replay_store.h>

namespace authplane::detail {

// Where a warning goes and what it names. Nothing is null.
struct EvictionWarning {
  std::string resource;
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Logger> logger;
};

// `store`, with a warning when it forgot spent proofs that could still be used again; at most one a minute.
std::shared_ptr<dpop::ReplayStore> warn_of_evictions(std::shared_ptr<dpop::MemoryReplayStore> store,
                                                     EvictionWarning warning);
std::shared_ptr<dpop::ReplayStore> warn_of_evictions(std::shared_ptr<dpop::FileReplayStore> store,
                                                     EvictionWarning warning);

}  // namespace authplane::detail
