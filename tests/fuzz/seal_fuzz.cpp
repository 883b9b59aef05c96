// A seal of any bytes: refused, or spelt exactly as mccoy would spell it, with every path inside the bundle.
#include "harness/evidence/bundle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace mccoy;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto seal = evidence::parse_seal(text);
  if (!seal.ok()) {
    MCCOY_CHECK(!seal.error().what.empty());
    return 0;
  }
  MCCOY_CHECK(evidence::seal_text(*seal) == text);
  for (const auto& file : seal->files) {
    MCCOY_CHECK(!file.path.empty() && file.path.front() != '/');
    MCCOY_CHECK(('/' + file.path + '/').find("/../") == std::string::npos);
  }
  return 0;
}
