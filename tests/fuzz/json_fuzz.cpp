// from_json on any bytes: an error with a place inside the text, or a value that is written and read back unchanged.
#include "harness/base/json_check.hpp"
#include "harness/base/value.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace mccoy;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto value = from_json(text);
  MCCOY_CHECK(value.ok() || !surely_json(text));
  if (!value.ok()) {
    MCCOY_CHECK(value.error().where.line >= 1);
    MCCOY_CHECK(value.error().where.column >= 1);
    MCCOY_CHECK(static_cast<std::size_t>(value.error().where.column) <= size + 1);
    MCCOY_CHECK(!render(value.error()).empty());
    return 0;
  }
  const std::string line = to_json(*value);
  for (const char c : line) MCCOY_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  const auto again = from_json(line);
  MCCOY_CHECK(again.ok());
  MCCOY_CHECK(*again == *value);
  MCCOY_CHECK(to_json(*again) == line);
  MCCOY_CHECK(*from_json(to_pretty_json(*value)) == *value);
  return 0;
}
