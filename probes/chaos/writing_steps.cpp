#include "probes/chaos/writing_steps.hpp"

#include <algorithm>

namespace mccoy::chaos {
namespace {
bool is_numbered(const load::Template& text) {
  return std::ranges::any_of(text, [](const load::Piece& piece) { return piece.kind == load::Piece::Kind::unique; });
}

bool is_numbered(const load::Request& request) {
  return is_numbered(request.path) || is_numbered(request.body) ||
         std::ranges::any_of(request.headers, [](const load::Header& header) { return is_numbered(header.value); });
}

bool only_reads(const load::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}
}  // namespace

Result<std::vector<bool>> writing_steps(const load::Profile& profile) {
  std::vector<bool> writes;
  for (const load::Journey& journey : profile.journeys) {
    const bool sends = std::ranges::any_of(
        journey.steps, [](const load::Request& step) { return is_numbered(step) && !only_reads(step); });
    int writing = 0;
    for (const load::Request& step : journey.steps) {
      writes.push_back(is_numbered(step) && (!sends || !only_reads(step)));
      writing += writes.back() ? 1 : 0;
    }
    if (writing > 1)
      return Error{.what = "several requests of " + journey.name + " write the same record",
                   .hint = "one of them is to have {{unique}}, or all others are GET"};
  }
  if (std::ranges::find(writes, true) == writes.end())
    return Error{.what = "every request is the same, so none can be found again",
                 .hint = "put {{unique}} where the number of the record stands"};
  return writes;
}
}  // namespace mccoy::chaos
