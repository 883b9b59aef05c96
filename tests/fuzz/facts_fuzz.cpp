// Facts of any record: read without a crash, and what was read is written and read again unchanged.
#include "harness/evidence/facts.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace mccoy;
  const auto record = from_json({reinterpret_cast<const char*>(bytes), size});
  if (!record.ok()) return 0;
  const Value once = evidence::to_value(evidence::facts_from_value(*record));
  MCCOY_CHECK(evidence::to_value(evidence::facts_from_value(once)) == once);
  return 0;
}
