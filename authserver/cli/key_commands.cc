#include <memory>
#include <ostream>

#include "authserver/cli/command.h"
#include "authserver/cli/render.h"
#include "authserver/cli/workspace.h"

namespace authplane::authserver::cli {
namespace {

CommandResult<void> list(Invocation& invocation) {
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  CommandResult<std::unique_ptr<SigningKeyStore>> keys = (*workspace)->signing_keys();
  if (!keys) return Err(keys.error());
  for (const KeyView& key : KeyService(**keys, (*workspace)->audit(), (*workspace)->clock()).list()) {
    invocation.context.out << Row()
                                  .add("kid", key.kid)
                                  .add("alg", to_string(key.algorithm))
                                  .add("status", key.current ? "current" : "previous")
                                  .line();
  }
  return {};
}

CommandResult<void> rotate(Invocation& invocation) {
  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  CommandResult<std::unique_ptr<SigningKeyStore>> keys = (*workspace)->signing_keys();
  if (!keys) return Err(keys.error());
  KeyService service(**keys, (*workspace)->audit(), (*workspace)->clock());
  Outcome<KeyView> key = service.rotate(kOperator);
  if (!key) return failure(key.error());
  invocation.context.out << Row("rotated").add("kid", key->kid).add("alg", to_string(key->algorithm)).line();
  invocation.context.err << "a running server signs with the new key after SIGHUP or a restart\n";
  return {};
}

}  // namespace

void add_key_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "key", "Signing keys");
  CommandBuilder(group, "list", "List published keys, the current one first", selected).runs(list);
  CommandBuilder(group, "rotate",
                 "Make a new signing key; the one before stays published while its tokens live", selected)
      .runs(rotate);
}

}  // namespace authplane::authserver::cli
