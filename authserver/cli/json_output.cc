#include "authserver/cli/json_output.h"

#include <nlohmann/json.hpp>
#include <ostream>

namespace authplane::authserver::cli {

void print_json(std::ostream& out, const OrderedJson& value) {
  out << value.dump(2, ' ', false, OrderedJson::error_handler_t::replace) << "\n";
}

}  // namespace authplane::authserver::cli
