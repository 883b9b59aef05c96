// Work done on the nodes of a graph, each when those before it are done, independent ones at the same time.
#pragma once
#include <cstddef>
#include <functional>
#include <vector>

namespace mccoy::target {
/// before[i]: nodes that must be done before node i; no cycles (the suite reader refuses them). Returns when all are
/// done. A node has a thread of its own, so this is for tens of nodes.
void in_order(const std::vector<std::vector<std::size_t>>& before, const std::function<void(std::size_t node)>& work);
}  // namespace mccoy::target
