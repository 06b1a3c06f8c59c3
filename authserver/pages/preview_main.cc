#include <cstdio>
#include <fstream>
#include <string>

#include "authserver/pages/sample_pages.h"

namespace {

using namespace authplane::authserver;

bool write(const std::string& folder, const std::string& name, const std::string& page) {
  std::ofstream file(folder + "/" + name + ".html", std::ios::binary);
  file << page;
  return file.good();
}

LoginPage failed_login() {
  LoginPage page = sample_login();
  page.email = "ada@example.com";
  page.problem = "Email or password is wrong. Check both and try again.";
  page.provider = "Example Identity";
  return page;
}

ConsentPage hostile_consent() {
  ConsentPage page = sample_consent("https://xn--trusted-9fd.very-long-host-name.evil.example:8443/cb");
  page.client_name = std::string(300, 'W') + "<script>alert(1)</script>";
  page.client_id = "https://client.example/" + std::string(400, 'a');
  page.source = RegistrationSource::cimd;
  page.cimd_url = "https://client.example/metadata.json";
  page.scopes.push_back({std::string(120, 'x'), "Says \xE2\x80\xAE backwards and on <b>and on</b> and on"});
  return page;
}

ConnectionsPage hostile_connections() {
  ConnectionsPage page = sample_connections();
  page.connections[0].provider_name = std::string(300, 'W') + "<script>alert(1)</script>";
  page.connections[0].scopes = {"https://www.googleapis.example/auth/" + std::string(300, 'a'), "b", "c"};
  return page;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: pages_preview FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  const bool written =
      write(folder, "login", render(sample_login())) &&
      write(folder, "login-failed", render(failed_login())) &&
      write(folder, "consent", render(sample_consent())) &&
      write(folder, "consent-loopback", render(sample_consent("http://127.0.0.1:33418/cb"))) &&
      write(folder, "consent-hostile", render(hostile_consent())) &&
      write(folder, "signed-in", render(sample_signed_in())) &&
      write(folder, "connections", render(sample_connections())) &&
      write(folder, "connections-hostile", render(hostile_connections())) &&
      write(folder, "connect-failed", render(sample_connect_error())) &&
      write(folder, "reconsent", render(sample_reconsent())) &&
      write(folder, "error", render(sample_error()));
  if (!written)
    std::fprintf(stderr, "pages_preview: cannot write into '%s'; name an existing folder\n", argv[1]);
  return written ? 0 : 1;
}
