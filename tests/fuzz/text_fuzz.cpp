// Any bytes made into text: harmless on a terminal, valid for XML and JSON, and no orders for a CI agent.
#include "harness/base/text.hpp"
#include "harness/base/utf8.hpp"
#include "harness/base/value.hpp"

namespace {
using namespace mccoy;

/// Valid UTF-8 without C0 (but those allowed), DEL or C1.
void check_harmless(std::string_view text, std::string_view allowed) {
  while (!text.empty()) {
    const auto point = decode_utf8(text);
    MCCOY_CHECK(point.valid);
    MCCOY_CHECK(point.value < 0x7F || point.value > 0x9F);
    MCCOY_CHECK(point.value >= 0x20 || allowed.find(static_cast<char>(point.value)) != std::string_view::npos);
    text.remove_prefix(point.length);
  }
}

void check_no_orders(std::string_view text) {
  for (const std::string_view order : {"##vso[", "##teamcity[", "##[", "section_start:", "section_end:"}) {
    MCCOY_CHECK(text.find(order) == std::string_view::npos);
  }
  for (const auto& line : split(text, '\n')) {
    const auto start = trim(line);
    const bool word =
        start.size() > 2 && ((start[2] >= 'a' && start[2] <= 'z') || (start[2] >= 'A' && start[2] <= 'Z'));
    MCCOY_CHECK(!start.starts_with("::") || !word);
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_harmless(visible_line(bytes), "\t");
  check_harmless(visible_text(bytes), "\t\n");
  check_harmless(xml_text(bytes), "\t\n\r");
  check_harmless(to_json(bytes), "");
  check_no_orders(visible_line(bytes));
  check_no_orders(visible_text(bytes));
  MCCOY_CHECK(visible_line(bytes, 20).size() <= 20 + std::string_view("…").size());
  MCCOY_CHECK(xml_text(bytes).find("[[ATTACHMENT|") == std::string::npos);
  MCCOY_CHECK(is_utf8(utf8_text(bytes)));
  MCCOY_CHECK(is_utf8(bytes) == (first_bad_utf8(bytes) == std::pair(0, 0)));
  MCCOY_CHECK(from_json(to_json(bytes))->as_string() == utf8_text(bytes));
  return 0;
}
