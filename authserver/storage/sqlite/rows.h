#pragma once

#include <optional>
#include <vector>

#include "authserver/storage/sqlite/connection.h"

// What a statement finds, as `from_row` reads it. `source` is a Connection or a WriteContext.

namespace authplane::authserver::sqlite {

template <class Source, class Row, class... Values>
std::optional<Row> find_row(Source& source, Sql sql, Row (*from_row)(const Query&), const Values&... values) {
  Query query = source.query(sql);
  if (!query.with(values...).step()) return std::nullopt;
  return from_row(query);
}

template <class Source, class Row, class... Values>
std::vector<Row> all_rows(Source& source, Sql sql, Row (*from_row)(const Query&), const Values&... values) {
  std::vector<Row> out;
  Query query = source.query(sql);
  query.with(values...);
  while (query.step()) out.push_back(from_row(query));
  return out;
}

}  // namespace authplane::authserver::sqlite
