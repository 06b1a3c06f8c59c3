#include "authserver/http/health.h"

#include "authserver/domain/json_writer.h"
#include "authserver/http/response.h"

namespace authplane::authserver {
namespace {

HttpResponse report(int status, std::string_view word, std::string_view db, const Clock& clock) {
  std::string body;
  JsonObjectWriter writer(body);
  writer.string("status", word).string("time", format_rfc3339(clock.now()));
  if (!db.empty()) writer.string("db", db);
  writer.finish();
  HttpResponse response = json_response(status, std::move(body));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

}  // namespace

HttpResponse livez(const Clock& clock) {
  return report(200, "ok", "", clock);
}

HttpResponse health(Storage& storage, const Clock& clock) {
  return storage.ping() ? report(200, "ok", "ok", clock) : report(503, "degraded", "error", clock);
}

HttpResponse ready(Storage& storage, const Clock& clock) {
  return storage.ping() ? report(200, "ready", "ok", clock) : report(503, "not_ready", "error", clock);
}

}  // namespace authplane::authserver
