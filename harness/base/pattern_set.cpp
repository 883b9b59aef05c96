#include "harness/base/pattern_set.hpp"

#include <algorithm>
#include <queue>

namespace mccoy {
std::uint32_t PatternSet::child(std::uint32_t node, unsigned char byte) const {
  if (node == kStart) return first_[byte];
  std::uint32_t at = nodes_[node].child;
  while (at != 0 && nodes_[at].byte != byte) at = nodes_[at].sibling;
  return at;
}

void PatternSet::add(std::string_view pattern, std::size_t owner) {
  std::uint32_t at = kStart;
  for (const char c : pattern) {
    const auto byte = static_cast<unsigned char>(c);
    std::uint32_t next = child(at, byte);
    if (next == 0) {
      next = static_cast<std::uint32_t>(nodes_.size());
      nodes_.push_back({.sibling = nodes_[at].child, .pending = nodes_[at].pending + 1, .byte = byte});
      nodes_[at].child = next;
      if (at == kStart) first_[byte] = next;
    }
    at = next;
  }
  if (nodes_[at].find.owner == kNone) nodes_[at].find = {owner, pattern.size()};
}

void PatternSet::link() {
  std::queue<std::uint32_t> waiting;  // by depth, so that a suffix is linked before those that lead to it
  waiting.push(kStart);
  while (!waiting.empty()) {
    const std::uint32_t at = waiting.front();
    waiting.pop();
    for (std::uint32_t next = nodes_[at].child; next != 0; next = nodes_[next].sibling) {
      Node& node = nodes_[next];
      node.suffix = at == kStart ? kStart : step(nodes_[at].suffix, node.byte);
      if (node.find.owner == kNone) node.find = nodes_[node.suffix].find;
      if (node.child == 0) node.pending = nodes_[node.suffix].pending;  // nothing goes on from here
      waiting.push(next);
    }
  }
}

bool PatternSet::occurs_in(std::string_view text) const {
  std::uint32_t state = kStart;
  return !empty() && std::ranges::any_of(text, [&](char c) {
    state = step(state, static_cast<unsigned char>(c));
    return nodes_[state].find.owner != kNone;
  });
}

std::uint32_t PatternSet::step(std::uint32_t state, unsigned char byte) const {
  for (;; state = nodes_[state].suffix) {
    const std::uint32_t next = child(state, byte);
    if (next != 0 || state == kStart) return next;
  }
}
}  // namespace mccoy
