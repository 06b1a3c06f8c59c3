#include <memory>
#include <ostream>

#include "authserver/broker/reencryption.h"
#include "authserver/cli/command.h"
#include "authserver/cli/render.h"
#include "authserver/cli/sealing.h"
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

CommandResult<void> reencrypt(Invocation& invocation) {
  CommandResult<std::unique_ptr<Workspace>> opened = Workspace::open_existing(invocation);
  if (!opened) return Err(opened.error());
  Workspace& workspace = **opened;
  CommandResult<std::unique_ptr<Sealer>> sealer = open_sealer(workspace.loaded(), invocation.context);
  if (!sealer) return Err(sealer.error());
  if (*sealer == nullptr) return failure("data_encryption.driver is empty; nothing can be encrypted anew");
  std::ostream& err = invocation.context.err;
  const auto done = reencrypt_credentials(
      workspace.storage().broker_providers(), workspace.storage().broker_grants(), **sealer,
      workspace.clock(),
      [&err](const std::string& what) { err << "warning: no master key opens " << what << "\n"; });
  if (!done) return failure(done.error());
  const std::string grants = std::to_string(done->grants), providers = std::to_string(done->providers);
  const std::string unreadable = std::to_string(done->unreadable);
  workspace.audit().record(
      "credentials.reencrypted", kOperator, "",
      audit_detail({{"grants", grants}, {"providers", providers}, {"unreadable", unreadable}}));
  invocation.context.out << Row("reencrypted")
                                .add("grants", grants)
                                .add("providers", providers)
                                .add("current", std::to_string(done->current))
                                .add("unreadable", unreadable)
                                .line();
  if (done->unreadable == 0) return {};
  return failure(
      "not everything could be encrypted anew; have data_encryption.aes_master.old_key_env name the key it "
      "was "
      "encrypted with, or have these accounts connected again");
}

}  // namespace

void add_key_commands(CLI::App& admin, Action& selected) {
  CLI::App& group = add_group(admin, "key", "Signing keys, and the master key of stored credentials");
  CommandBuilder(group, "list", "List published keys, the current one first", selected).runs(list);
  CommandBuilder(group, "rotate",
                 "Make a new signing key; the one before stays published while its tokens live", selected)
      .runs(rotate);
  CommandBuilder(group, "reencrypt",
                 "Encrypt stored credentials with the current master key, once the servers know it", selected)
      .runs(reencrypt);
}

}  // namespace authplane::authserver::cli
