// A histogram from a bundle: whatever is accepted is what would be written, and all questions have answers.
#include "harness/base/histogram.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using mccoy::Histogram;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = Histogram::parse(text);
  if (!parsed.ok()) return 0;
  MCCOY_CHECK(parsed->text() == text);
  std::uint64_t before = 0;
  for (const double q : {0.0, 0.5, 0.9, 0.99, 1.0}) {
    const auto value = parsed->percentile(q);
    MCCOY_CHECK(value >= before && value >= parsed->min() && value <= parsed->max());
    before = value;
  }
  MCCOY_CHECK(parsed->count_up_to(Histogram::kHighest) == parsed->count());
  return 0;
}
