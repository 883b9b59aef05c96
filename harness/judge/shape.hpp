// The shape of what a command did: the programs that ran and the files they opened, written so that the same work gives
// the same shape in another folder. `same:` of a challenge compares three runs: two undisturbed ones say what belongs
// to the work and what comes and goes by itself; the disturbed one must then have what belongs to it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/evidence/facts.hpp"

namespace mccoy::judge {
struct ShapeComparison {
  bool compared = false;
  std::string why;      ///< when it was not
  std::string changed;  ///< "no longer @/worker", "new: /usr/bin/cat"; "" = the same shape
};
///   trace  "programs-run" or "files-opened"
ShapeComparison compare_shape(std::string_view trace, const evidence::Facts& before, const evidence::Facts& after,
                              const evidence::Facts& disturbed);
}  // namespace mccoy::judge
