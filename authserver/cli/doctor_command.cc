#include <istream>
#include <memory>
#include <ostream>

#include "authserver/cli/command.h"
#include "authserver/cli/workspace.h"
#include "authserver/domain/doctor.h"

namespace authplane::authserver::cli {
namespace {

constexpr std::size_t kMaxTokenBytes = 16 * 1024;

struct DoctorOptions {
  std::string token, resource;
};

// The token as people paste it: with white space around it, or still behind "Bearer " or "DPoP ".
std::string_view bare_token(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  auto trim = [&](std::string_view value) {
    std::size_t begin = value.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return std::string_view();
    return value.substr(begin, value.find_last_not_of(kSpace) - begin + 1);
  };
  text = trim(text);
  for (std::string_view scheme : {"Bearer ", "DPoP "}) {
    if (text.starts_with(scheme)) text = trim(text.substr(scheme.size()));
  }
  return text;
}

CommandResult<std::string> read_token(Context& context, const std::string& given) {
  if (given != "-") return given;
  std::string text(kMaxTokenBytes + 1, '\0');
  context.in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(context.in.gcount()));
  return text;
}

void print_step(std::ostream& out, const DoctorStep& step) {
  switch (step.verdict) {
    case Verdict::ok:
      out << "ok    " << step.check;
      if (!step.seen.empty()) out << ": " << step.seen;
      break;
    case Verdict::failed:
      out << "FAIL  " << step.check << ": expected " << step.expected << ", seen " << step.seen;
      if (!step.fix.empty()) out << "\n      fix: " << step.fix;
      break;
    case Verdict::skipped:
      out << "skip  " << step.check;
      break;
  }
  out << "\n";
}

CommandResult<void> diagnose(Invocation& invocation, const DoctorOptions& options) {
  Context& context = invocation.context;
  CommandResult<std::string> given = required(context, "--token", options.token);
  if (!given) return Err(given.error());
  CommandResult<std::string> resource = required(context, "--resource", options.resource);
  if (!resource) return Err(resource.error());
  CommandResult<std::string> text = read_token(context, *given);
  if (!text) return Err(text.error());
  std::string_view token = bare_token(*text);
  if (token.empty()) return failure("no token was given; pipe it in and use --token -");
  if (token.size() > kMaxTokenBytes)
    return failure("the token is larger than 16 KiB; that is no access token of ours");

  CommandResult<std::unique_ptr<Workspace>> workspace = Workspace::open_existing(invocation);
  if (!workspace) return Err(workspace.error());
  CommandResult<std::unique_ptr<SigningKeyStore>> keys = (*workspace)->signing_keys();
  if (!keys) return Err(keys.error());
  Outcome<std::shared_ptr<const ResourceCatalog>> catalog = (*workspace)->storage().resources().catalog();
  if (!catalog) return failure(catalog.error());
  DoctorQuestion question{token, *resource, (*workspace)->config().server.issuer,
                          context.clock.now_seconds()};
  std::size_t failed = 0;
  for (const DoctorStep& step : explain_token(question, *(*keys)->keys(), **catalog)) {
    print_step(context.out, step);
    if (step.verdict == Verdict::failed) ++failed;
  }
  if (failed > 0)
    return failure(std::to_string(failed) + (failed == 1 ? " check" : " checks") + " failed; see above");
  return {};
}

}  // namespace

void add_doctor_command(CLI::App& root, Action& selected) {
  auto options = std::make_shared<DoctorOptions>();
  CommandBuilder(root, "doctor", "Explain step by step why a resource server accepts or refuses a token",
                 selected)
      .text("--token", options->token, "The access token, or - to read it from standard input (required)")
      .text("--resource", options->resource, "The URI the resource server expects as audience (required)")
      .runs([options](Invocation& invocation) { return diagnose(invocation, *options); });
}

}  // namespace authplane::authserver::cli
