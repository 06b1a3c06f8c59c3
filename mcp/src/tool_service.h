#pragma once

#include <cstddef>
#include <memory>
#include <variant>

#include <authplane/base/log.h>
#include <authplane/base/mutex.h>
#include <authplane/mcp/tool.h>

#include "call_channel.h"
#include "dialect.h"
#include "json_rpc.h"
#include "tool_registry.h"

namespace authplane::mcp {

// tools/list and tools/call, free of transport, session and era. Thread-safe.
class ToolService {
 public:
  ToolService(std::size_t page_size, std::shared_ptr<Logger> logger)
      : page_size_(page_size == 0 ? 1 : page_size), logger_(std::move(logger)) {}

  void add(Tool tool, ToolHandler handler) AUTHPLANE_EXCLUDES(mutex_);
  bool has(std::string_view name) const { return snapshot()->find(name) != nullptr; }

  Outcome list(const Json* params, const RequestContext& context, const Dialect& dialect) const;

  // A call that is known to be possible. Keeps its tool alive, not the message its `arguments` point into.
  struct Prepared {
    std::shared_ptr<const ToolRegistry> registry;
    const RegisteredTool* tool = nullptr;
    const Json* arguments = nullptr;
    std::string progress_token;  // JSON text, "" = none
  };
  std::variant<Prepared, RpcError> prepare(const Json* params) const;

  // Checks the arguments and runs the handler. Does not throw for what handlers do.
  Outcome run(const Prepared& call, const RequestContext& context, CallChannel& channel,
              const Dialect& dialect) const;

 private:
  std::shared_ptr<const ToolRegistry> snapshot() const AUTHPLANE_EXCLUDES(mutex_);
  std::variant<ToolResult, RpcError> invoke(const Prepared& call, const RequestContext& context,
                                            CallChannel& channel, const Dialect& dialect) const;
  std::variant<ToolResult, RpcError> answer_with(const RegisteredTool& tool, const RpcError& error) const;
  ToolResult checked(const RegisteredTool& tool, ToolResult result) const;
  ToolResult failed(const RegisteredTool& tool, std::string_view reason) const;

  const std::size_t page_size_;
  const std::shared_ptr<Logger> logger_;
  mutable Mutex mutex_;
  std::shared_ptr<const ToolRegistry> registry_ AUTHPLANE_GUARDED_BY(mutex_) =
      std::make_shared<ToolRegistry>();
};

}  // namespace authplane::mcp
