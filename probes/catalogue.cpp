#include "probes/catalogue.hpp"

#include <algorithm>
#include <array>

namespace mccoy::probes {
const ProbeKind& exec_kind();
const ProbeKind& shell_kind();
const ProbeKind& http_kind();
const ProbeKind& tcp_kind();
const ProbeKind& file_kind();
const ProbeKind& load_kind();
const ProbeKind& chaos_kind();

std::span<const ProbeKind* const> catalogue() {
  static const std::array kKinds{
      &exec_kind(), &shell_kind(), &http_kind(), &tcp_kind(), &file_kind(), &load_kind(), &chaos_kind(),
  };
  return kKinds;
}

std::span<const suite::KindSchema* const> kind_schemas() {
  static const auto schemas = [] {
    std::vector<const suite::KindSchema*> rows;
    for (const ProbeKind* kind : catalogue()) rows.push_back(kind->schema);
    return rows;
  }();
  return schemas;
}

const ProbeKind* find_kind(std::string_view name) {
  const auto found =
      std::ranges::find_if(catalogue(), [&](const ProbeKind* kind) { return kind->schema->name == name; });
  return found == catalogue().end() ? nullptr : *found;
}
}  // namespace mccoy::probes
