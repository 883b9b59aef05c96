// Finds many strings in one pass (Aho and Corasick, 1975): a trie of the patterns, with a link from each node to the
// longest proper suffix that is in the trie too. Linear in the text, whatever the patterns are.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace mccoy {
class PatternSet {
 public:
  static constexpr std::uint32_t kStart = 0;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  /// pattern must not be empty; of equal patterns the first owner stays.
  void add(std::string_view pattern, std::size_t owner);
  void link();  ///< after the last add, before the first step

  bool empty() const { return nodes_.size() == 1; }
  bool occurs_in(std::string_view text) const;  ///< any of them
  std::uint32_t step(std::uint32_t state, unsigned char byte) const;
  /// Bytes read last that may still become a pattern.
  std::size_t pending(std::uint32_t state) const { return nodes_[state].pending; }

  /// The longest pattern that ends here; shorter ones lie within it.
  struct Find {
    std::size_t owner = kNone;
    std::size_t length = 0;
  };
  const Find& find(std::uint32_t state) const { return nodes_[state].find; }

 private:
  struct Node {
    std::uint32_t child = 0;  ///< 0: none, because the start is nobody's child
    std::uint32_t sibling = 0;
    std::uint32_t suffix = kStart;
    std::uint32_t pending = 0;
    Find find = {};
    unsigned char byte = 0;
  };
  std::uint32_t child(std::uint32_t node, unsigned char byte) const;

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::array<std::uint32_t, 256> first_ = {};  ///< children of the start, where most text stays
};
}  // namespace mccoy
