// `expect:` and `capture:` of a case -> checks and captures.
#pragma once
#include <vector>

#include "harness/suite/reading.hpp"

namespace mccoy::suite {
/// All must hold. Entries that check nothing, patterns that do not compile and comparisons that compare nothing are
/// reported.
std::vector<Check> read_expect(Reading& reading, const KindSchema& kind, const Node& expect);
/// What holds without being said: `exit: 0`; see ExpectField::fallback.
void add_implied_checks(const KindSchema& kind, const Node* expect, Span span, std::vector<Check>& checks);
std::vector<Capture> read_captures(Reading& reading, const KindSchema& kind, const Node& capture);
/// An extractor whose source the kind has; nothing when a mistake was reported.
std::optional<Extractor> read_extractor(Reading& reading, const KindSchema& kind, const Node& node);
}  // namespace mccoy::suite
