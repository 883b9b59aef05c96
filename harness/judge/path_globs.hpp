// Many globs asked at once about one path. The grammar of globs is that of base/file.hpp, but a dot where a name starts
// is an ordinary character: what a virtual environment in .venv holds is no less loaded. A path is looked up by the
// first bytes of its names, so that time grows with the path and hardly with the number of globs; one is translated
// when it is first needed. May be asked by several threads at once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace mccoy::judge {
class PathGlobs {
 public:
  PathGlobs();
  PathGlobs(PathGlobs&&) noexcept;
  PathGlobs& operator=(PathGlobs&&) noexcept;
  ~PathGlobs();

  /// A malformed glob matches nothing.
  void add(std::string_view glob, std::size_t owner);
  /// Owners of the globs that match the whole path, ascending, each once.
  std::vector<std::size_t> match(std::string_view path) const;

 private:
  struct Glob;
  static constexpr std::size_t kBuckets = 4096;

  void ask(std::uint32_t glob, std::string_view path, std::vector<std::size_t>& owners) const;

  std::vector<std::unique_ptr<Glob>> globs_;
  /// By the first bytes of a name that must be there.
  std::vector<std::vector<std::uint32_t>> by_name_ = std::vector<std::vector<std::uint32_t>>(kBuckets);
  std::vector<std::uint32_t> nameless_;  ///< globs without such a name
};
}  // namespace mccoy::judge
