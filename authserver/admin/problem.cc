#include "authserver/admin/problem.h"

#include "authserver/domain/json_writer.h"

namespace authplane::authserver {
namespace {

int status_of(DomainErrorCode code) {
  switch (code) {
    case DomainErrorCode::not_found:
      return 404;
    case DomainErrorCode::conflict:
      return 409;
    case DomainErrorCode::access_denied:
      return 403;
    case DomainErrorCode::unavailable:
      return 503;
    case DomainErrorCode::internal:
      return 500;
    default:
      return 400;
  }
}

HttpResponse problem_response(int status) {
  return {
      .status = status, .headers = {{"Content-Type", "application/problem+json"}}, .body = {}, .stream = {}};
}

void write_members(JsonObjectWriter& body, int status, std::string_view detail) {
  body.string("type", "about:blank")
      .string("title", reason_phrase(status))
      .integer("status", status)
      .string("detail", detail);
}

}  // namespace

HttpResponse problem(int status, std::string_view detail) {
  HttpResponse response = problem_response(status);
  JsonObjectWriter body(response.body);
  write_members(body, status, detail);
  body.finish();
  return response;
}

HttpResponse problem_with(int status, std::string_view detail, std::string_view member,
                          std::string_view json) {
  HttpResponse response = problem_response(status);
  JsonObjectWriter body(response.body);
  write_members(body, status, detail);
  body.raw(member, json).finish();
  return response;
}

HttpResponse problem_of(const DomainError& error, Logger& logger) {
  const int status = status_of(error.code);
  if (status < 500) return problem(status, error.description);
  logger.error(
      "admin request failed",
      {{"code", to_string(error.code)}, {"description", error.description}, {"cause", error.detail}});
  HttpResponse response = problem(status, status == 503 ? "the storage is busy or full; try again"
                                                        : "the server failed; its log has the cause");
  if (status == 503) response.headers.add("Retry-After", "1");
  return response;
}

}  // namespace authplane::authserver
