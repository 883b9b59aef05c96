#include "probes/unstated.hpp"

namespace mccoy::probes {
suite::Obligation unstated(std::string_view kind, Value settings) {
  const suite::ObligationKind* found = suite::find_obligation_kind(kind);
  MCCOY_CHECK(found != nullptr);
  return {.kind = found, .settings = std::move(settings), .span = {}, .stated = false};
}

std::vector<suite::Obligation> answered_by(const std::string& service, bool bytes_each_way) {
  if (service.empty()) return {};
  Value connect = Value::map({{"to", service}});
  if (bytes_each_way) {
    connect.set("min_bytes_in", 1);
    connect.set("min_bytes_out", 1);
  }
  return {unstated("listener", Value::map({{"svc", service}})), unstated("connect", std::move(connect))};
}
}  // namespace mccoy::probes
