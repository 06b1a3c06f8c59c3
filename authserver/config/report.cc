#include "authserver/config/report.h"

#include <algorithm>

#include "authserver/config/key_table.h"

namespace authplane::authserver {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

<!-- Written by `authserver config reference`; change authserver/config/key_table.cc, not this file. -->

A value is looked for in this order, the last one found counts: built-in default, YAML file (`--config <path>`),
environment variable. A file that does not exist counts as none. `authserver config check --config <path>` lists every
value the server would use and where it comes from, or all mistakes at once.

Types in YAML: durations are numbers with unit (`500ms`, `15m`, `1h30m`; units `ns us ms s m h`), lists are sequences,
booleans are `true` and `false`. Unknown keys are ignored with a warning, a key that appears twice is an error, and
`${NAME}` is not replaced.

Types in the environment: a variable that is set, even to nothing, replaces the value. Booleans are true for `true`,
`1` and `yes` and false for everything else. List items are separated by commas and not trimmed. A number or duration
that cannot be read keeps the value below with a warning; for the variables marked * it is an error, and set to nothing
counts as unset.

Keys marked "not in this build" belong to features that are still to come. They are read and checked, so that one file
serves both; asking for such a feature stops the start, a setting that merely tunes it has no effect, and the log says
so.

)";

constexpr std::string_view kSeeding = R"(## Providers and resources from file and environment

The sections `broker_providers` and `resources` register upstream providers, then protected resources, when the server
starts. An entry whose slug exists already is skipped: later edits of the file change nothing, use the admin API or
command. An entry that breaks a rule stops the start, whether or not its slug exists.

```yaml
broker_providers:
  - slug: github              # required, lower case, unique
    display_name: GitHub      # required
    protocol: oauth           # required: oauth, api_key or service_account
    config_data:              # kept as JSON; numbers become strings
      client_id: Iv1.0123456789abcdef
      client_secret_ref: CONNECTOR_GITHUB_SECRET   # variable that holds it: CONNECTOR_... or AUTHPLANE_VAULT_...
      authorize_url: https://github.com/login/oauth/authorize
      token_url: https://github.com/login/oauth/access_token

resources:
  - slug: demo-mcp            # required, lower case, unique
    backend_kind: mint        # required: mint or broker
    uri: http://localhost:8080/mcp
    display_name: Demo MCP
    scopes:
      - name: mcp:echo
        description: echo tool
    policy:
      exchange: {allowed_client_ids: []}   # empty = any client
      runtime: {client_ids: []}            # empty = nobody
  - slug: github
    backend_kind: broker
    broker_provider_slug: github           # or broker_provider_id, not both
    scopes:
      - name: repo
        upstream: repo                     # the provider's name; left out: the same
    policy:
      connect: {allowed_return_urls: ["http://localhost:*"]}   # at least one; broker resources only
```

| variable | effect |
| --- | --- |
| `AUTHPLANE_RESOURCE_URI` | Registers one more resource; its slug is the host of the URI. |
| `AUTHPLANE_RESOURCE_SCOPES` | Scope names of that resource, separated by commas. When the file has a resource with the same URI, they replace its scopes instead. |
| `AUTHPLANE_BROKER_PROVIDER_SLUG` | Registers one more provider. When the file has a provider with this slug, what the variables below say overrides it. |
| `AUTHPLANE_BROKER_PROVIDER_DISPLAY_NAME` | Default: the slug. |
| `AUTHPLANE_BROKER_PROVIDER_PROTOCOL` | Default: `oauth`. |
| `AUTHPLANE_BROKER_PROVIDER_CLIENT_ID`, `..._CLIENT_SECRET_REF`, `..._AUTHORIZE_URL`, `..._TOKEN_URL`, `..._RESPONSE_FORMAT` | Those that are not empty become `client_id`, `client_secret_ref`, `authorize_url`, `token_url` and `response_format` of its `config_data`. |
)";

std::string_view section_of(std::string_view path) {
  std::size_t dot = path.find('.');
  return dot == std::string_view::npos ? std::string_view("other") : path.substr(0, dot);
}

std::string code(std::string_view text) {
  return text.empty() ? "-" : "`" + std::string(text) + "`";
}

std::string reference_row(const KeyRow& row) {
  std::string meaning(row.meaning);
  if (row.feature != Feature::core && meaning.find("this build") == std::string::npos) {
    meaning += " Not in this build (" + std::string(to_string(row.feature)) + ").";
  }
  std::string env = code(row.env) + (row.env_errors == EnvErrors::refuse ? " *" : "");
  return "| `" + std::string(row.path) + "` | " + std::string(to_string(row.type)) + " | " +
         code(row.default_value) + " | " + env + " | " + meaning + " |\n";
}

std::string_view to_string(Source source) {
  switch (source) {
    case Source::built_in:
      return "default";
    case Source::file:
      return "file";
    case Source::environment:
      return "environment";
  }
  return "";
}

}  // namespace

std::string resolved_table(const Settings& settings) {
  std::size_t width = 0;
  for (const KeyRow& row : key_table()) width = std::max(width, row.path.size());
  std::string text;
  for (const KeyRow& row : key_table()) {
    std::string source(to_string(settings.source(row.path)));
    text += std::string(row.path) + std::string(width - row.path.size() + 2, ' ');
    text += source + std::string(std::string_view("environment").size() - source.size() + 2, ' ');
    text += display(settings.value(row)) + "\n";
  }
  return text;
}

std::string reference_document() {
  std::string text(kIntroduction);
  std::string_view section;
  for (const KeyRow& row : key_table()) {
    if (section_of(row.path) != section) {
      section = section_of(row.path);
      text += (text.ends_with("\n\n") ? "" : "\n") + ("## " + std::string(section)) +
              "\n\n| key | type | default | environment | meaning |\n| --- | --- | --- | --- | --- |\n";
    }
    text += reference_row(row);
  }
  return text + "\n" + std::string(kSeeding);
}

}  // namespace authplane::authserver
