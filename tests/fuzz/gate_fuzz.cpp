// A gate, one on each line, and what a table of thresholds is put in front of it: a mistake has a place in the text;
// what is accepted is recorded and read again as the same.
#include "harness/base/text.hpp"
#include "harness/suite/gate.hpp"

namespace {
using namespace mccoy::suite;
using enum MetricSort;
constexpr std::string_view kDuration[] = {"http_req_duration"}, kFailed[] = {"http_req_failed"};
constexpr Metric kMetrics[] = {{"response", times, "", kDuration},
                               {"errors", share, "", kFailed},
                               {"requests", counter, "", {}},
                               {"time_to_recover", time, "", {}}};
constexpr std::string_view kSelectors[] = {"request", "stage"};
const GateGrammar kGrammar{kMetrics, kSelectors};

bool lies_in(const mccoy::Error& error, std::string_view text) {
  const auto column = static_cast<std::size_t>(error.where.column);
  return column >= 1 && column <= text.size() + 1 && !error.what.empty();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  for (const auto& line : mccoy::split({reinterpret_cast<const char*>(data), size}, '\n')) {
    const auto subject = parse_gate_subject(line, kGrammar);
    MCCOY_CHECK(subject.ok() || lies_in(subject.error(), line));
    const auto gate = parse_gate(line, kGrammar);
    if (!gate.ok()) {
      MCCOY_CHECK(lies_in(gate.error(), line));
      continue;
    }
    MCCOY_CHECK(gate->limit >= 0);
    const auto again = gate_of(to_check(*gate, {}));
    MCCOY_CHECK(again.ok() && subject_of(*again) == subject_of(*gate) && limit_of(*again) == limit_of(*gate));
    MCCOY_CHECK(!figure_in_words(*gate, gate->limit).empty());
  }
  return 0;
}
