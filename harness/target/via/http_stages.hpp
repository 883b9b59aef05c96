// Faults of HTTP/1.x: a stage that reads requests and one that reads the responses to them, which share what they know.
#pragma once
#include <memory>

#include "harness/target/via/stage.hpp"

namespace mccoy::via {
class Link;
/// Adds both stages to a link. On a connection that is open already they begin with the next bytes that look like a
/// request; what was asked before is let through.
void lay_http(const std::shared_ptr<Applied>& applied, Link& link);
}  // namespace mccoy::via
