// Comma-separated values: what was read, written again with every field in quotes, is read as the same.
#include "probes/csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using mccoy::probes::read_csv;
  const auto rows = read_csv({reinterpret_cast<const char*>(data), size});
  if (!rows.ok()) {
    MCCOY_CHECK(rows.error().where.line > 0);
    return 0;
  }
  std::string again;
  for (const auto& row : *rows) {
    MCCOY_CHECK(!row.empty());
    for (const auto& field : row) {
      again += &field == row.data() ? "\"" : ",\"";
      for (const char c : field) again += c == '"' ? std::string(2, c) : std::string(1, c);
      again += '"';
    }
    again += '\n';
  }
  const auto second = read_csv(again);
  MCCOY_CHECK(second.ok() && *second == *rows);
  return 0;
}
