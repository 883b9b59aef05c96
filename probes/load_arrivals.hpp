// Did what was sent arrive? The service's own count, read before and after the load.
#pragma once
#include "harness/probe.hpp"
#include "probes/load/report.hpp"
#include "probes/load_plan.hpp"

namespace mccoy::probes {
class ArrivalsCount {
 public:
  ArrivalsCount(const ArrivalsAsk& ask, const Trial& trial) : ask_(ask), trial_(trial) {}
  void before() { before_ = read(); }
  /// Reads again and adds metric "arrived" and values["arrivals"] to what was observed.
  void after(const load::Report& report, evidence::Observation& observation);

 private:
  /// errors  the counter could not be asked, or what it answered is no number
  Result<double> read() const;
  const ArrivalsAsk& ask_;
  const Trial& trial_;
  Result<double> before_ = Error{.what = "it was not read before the load"};
};
}  // namespace mccoy::probes
