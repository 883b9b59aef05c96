#include "harness/judge/path_globs.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>

#include "harness/base/glob_pattern.hpp"

namespace mccoy::judge {
namespace {
constexpr std::size_t kKeyBytes = 3;
constexpr std::string_view kWildcards = "*?[{\\";
/// Names that stand in so many paths that they tell nothing.
constexpr std::string_view kCommonNames[] = {"node_modules", "dist", "lib", "site-packages", "src", "java"};

std::size_t bucket_of(std::string_view name, std::size_t buckets) {
  std::size_t key = 0;
  for (std::size_t i = 0; i < kKeyBytes; ++i) key = key * 131 + static_cast<unsigned char>(name[i]);
  return key % buckets;
}

/// The longest start of a name that every matching path has, outside of braces; "" when none is long enough.
std::string telling_name(std::string_view glob) {
  std::string best;
  int depth = 0;
  for (std::size_t at = 0; at < glob.size();) {
    const std::string_view name = glob.substr(at, glob.find('/', at) - at);
    const std::string_view start = name.substr(0, name.find_first_of(kWildcards));
    const bool common = std::ranges::find(kCommonNames, start) != std::end(kCommonNames);
    if (depth == 0 && !common && start.size() >= kKeyBytes && start.size() > best.size()) best = start;
    depth += static_cast<int>(std::ranges::count(name, '{') - std::ranges::count(name, '}'));
    at += name.size() + 1;
  }
  return best;
}

/// A well formed glob as a regular expression.
class Translation {
 public:
  explicit Translation(std::string_view glob) : rest_(glob) {}

  std::string take() {
    while (!rest_.empty()) item();
    return std::move(out_);
  }

 private:
  void item() {
    const char c = rest_.front();
    if (c == '*') return stars();
    if (c == '[') return set();
    rest_.remove_prefix(1);
    if (c == '{') return opens_name_.push_back(at_name_), add("(?:");
    if (c == ',' && !opens_name_.empty()) return at_name_ = opens_name_.back(), add("|");
    if (c == '}' && !opens_name_.empty()) return opens_name_.pop_back(), add(")");
    at_name_ = c == '/';
    if (c == '?') return add("[^/]");
    const bool escapes = c == '\\' && !rest_.empty();
    add(re2::RE2::QuoteMeta(escapes ? rest_.substr(0, 1) : std::string_view(&c, 1)));
    if (escapes) rest_.remove_prefix(1);
  }

  /// "**" is any number of folders where it is a whole name, and "*" elsewhere.
  void stars() {
    const auto length = std::min(rest_.find_first_not_of('*'), rest_.size());
    rest_.remove_prefix(length);
    const bool whole = length == 2 && at_name_ && (rest_.empty() || rest_.front() == '/');
    if (!whole) {
      add("[^/]*");
    } else if (rest_.empty()) {
      add(".+");
    } else {
      rest_.remove_prefix(1);
      add("(?:.*/)?");
      return;
    }
    at_name_ = false;
  }

  void set() {
    const auto end = rest_.find(']', 2 + (rest_.size() > 1 && (rest_[1] == '!' || rest_[1] == '^') ? 1 : 0));
    std::string_view inside = rest_.substr(1, end - 1);
    rest_.remove_prefix(std::min(end, rest_.size() - 1) + 1);
    const bool negated = inside.starts_with('!') || inside.starts_with('^');
    if (negated) inside.remove_prefix(1);
    add(negated ? "[^/" : "[");
    for (const char c : inside) add(c == '[' || c == ']' || c == '^' ? std::string{'\\', c} : std::string{c});
    add("]");
    at_name_ = false;
  }

  void add(std::string_view text) { out_ += text; }

  std::string_view rest_;
  std::string out_;
  bool at_name_ = true;           ///< a name starts here
  std::vector<bool> opens_name_;  ///< of each open brace
};

re2::RE2::Options options() {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // a path is bytes
  options.set_dot_nl(true);
  options.set_never_capture(true);
  return options;
}
}  // namespace

struct PathGlobs::Glob {
  Glob(std::string_view glob, std::size_t its_owner) : text(glob), name(telling_name(glob)), owner(its_owner) {}

  /// Most are never asked: a command opens files of few libraries, and to translate all would take longer than the rest
  /// of a short run.
  bool matches(std::string_view path) {
    std::call_once(translated, [this] {
      if (GlobPattern::parse(text).ok()) pattern.emplace(Translation(text).take(), options());
    });
    return pattern && pattern->ok() && re2::RE2::FullMatch({path.data(), path.size()}, *pattern);
  }

  std::string text, name;
  std::size_t owner;
  std::once_flag translated;
  std::optional<re2::RE2> pattern;
};

PathGlobs::PathGlobs() = default;
PathGlobs::PathGlobs(PathGlobs&&) noexcept = default;
PathGlobs& PathGlobs::operator=(PathGlobs&&) noexcept = default;
PathGlobs::~PathGlobs() = default;

void PathGlobs::add(std::string_view glob, std::size_t owner) {
  auto& added = *globs_.emplace_back(std::make_unique<Glob>(glob, owner));
  const auto index = static_cast<std::uint32_t>(globs_.size() - 1);
  (added.name.empty() ? nameless_ : by_name_[bucket_of(added.name, kBuckets)]).push_back(index);
}

void PathGlobs::ask(std::uint32_t glob, std::string_view path, std::vector<std::size_t>& owners) const {
  if (globs_[glob]->matches(path)) owners.push_back(globs_[glob]->owner);
}

std::vector<std::size_t> PathGlobs::match(std::string_view path) const {
  std::vector<std::size_t> owners;
  for (std::size_t at = 0; at + kKeyBytes <= path.size();) {
    const std::string_view rest = path.substr(at);
    for (const auto glob : by_name_[bucket_of(rest, kBuckets)])
      if (rest.starts_with(globs_[glob]->name)) ask(glob, path, owners);
    const auto slash = path.find('/', at);
    at = slash == std::string_view::npos ? path.size() : slash + 1;
  }
  for (const auto glob : nameless_) ask(glob, path, owners);
  std::ranges::sort(owners);
  owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
  return owners;
}
}  // namespace mccoy::judge
