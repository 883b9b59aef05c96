// What a case means for whoever reads only red and green: the one place where outcome, provenance, requirement and
// waiver become a single word. Every report that has to speak in such words asks here, so that no two of them disagree.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/run/run_view.hpp"

namespace mccoy::reports {
enum class Standing {
  met,      ///< a pass of the provenance that is required
  failed,   ///< the claim is false, or a flaky pass under --strict
  below,    ///< it passed, and its provenance is below what is required
  error,    ///< it could not be found out
  not_run,  ///< planned and never finished
  skipped,  ///< declared so in the suite, or an optional case that was not run
  waived,   ///< level: soft, and not met
};
std::string_view to_text(Standing standing);

struct Told {
  Standing standing = Standing::error;
  std::string type;  ///< "mccoy.CheckFailed", "mccoy.Provenance.mock", …; empty for met, skipped and waived
  std::string why;   ///< one sentence; holds bytes of the target: clean before writing
};
Told tell(const run::CaseView& view, bool strict);
bool is_strict(const run::RunView& run);

/// "real (challenged)", "mock"
std::string provenance_words(const judge::Judgement& judgement);
std::string_view to_text(suite::Requirement requirement);
std::string_view to_text(judge::Held held);

/// What keeps the run as a whole from being believed, beside its cases; empty when nothing does.
std::vector<std::string> troubles(const run::RunView& run);
}  // namespace mccoy::reports
