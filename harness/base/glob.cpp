// glob(): walks the folders that a pattern can still match in; declared in file.hpp.
#include <algorithm>

#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/base/glob_pattern.hpp"
#include "harness/base/text.hpp"

namespace mccoy {
namespace {
/// A folder still to be listed.
struct Waiting {
  std::string shown;  ///< with a last slash, or empty; as the user's pattern starts
  GlobPattern::Progress progress;
  bool by_wildcard = false;  ///< then a link is not followed, and a folder that has gone is no error
};

class Walker {
 public:
  Walker(const GlobPattern& pattern, std::string cwd, std::size_t limit)
      : pattern_(pattern), cwd_(std::move(cwd)), limit_(limit) {}

  Result<std::vector<std::string>> walk() {
    const std::string& folder = pattern_.fixed_folder();
    waiting_.push_back({folder, pattern_.feed(pattern_.start(), folder), false});
    while (!waiting_.empty()) {
      const Waiting next = std::move(waiting_.back());
      waiting_.pop_back();
      MCCOY_DO(list(next));
    }
    std::ranges::sort(found_);
    return std::move(found_);
  }

 private:
  Status list(const Waiting& folder) {
    const std::string path = on_disk(folder.shown);
    const UniqueFd fd(::open(path.c_str(), kOpenFolder | (folder.by_wildcard ? O_NOFOLLOW : 0)));
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) return {};
    if (!fd && errno == ELOOP && folder.by_wildcard) return {};
    if (!fd) return system_error(path, errno);
    auto entries = read_folder(fd.get());
    if (!entries.ok()) return system_error(path, entries.error().cause.value());
    for (const auto& entry : *entries) MCCOY_DO(visit(folder, entry));
    return {};
  }

  Status visit(const Waiting& folder, const FolderEntry& entry) {
    const auto progress = pattern_.feed(folder.progress, entry.name);
    if (pattern_.accepts(progress)) {
      if (found_.size() >= limit_) return Error{.what = "over " + std::to_string(limit_) + " files match"};
      found_.push_back(folder.shown + entry.name);
    }
    if (entry.type != DT_DIR && entry.type != DT_UNKNOWN) return {};
    auto below = pattern_.feed(progress, "/");
    if (!below.states.empty()) waiting_.push_back({folder.shown + entry.name + '/', std::move(below), true});
    return {};
  }

  /// Without a last slash: "link/" would be followed even with O_NOFOLLOW.
  std::string on_disk(const std::string& shown) const {
    std::string path = shown.starts_with('/') ? shown : cwd_ + '/' + shown;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
  }

  const GlobPattern& pattern_;
  std::string cwd_;
  std::size_t limit_;
  std::vector<Waiting> waiting_;
  std::vector<std::string> found_;
};

/// A pattern without wildcards needs no permission to list its folder.
Result<std::vector<std::string>> just_this(const std::string& path, const std::string& cwd) {
  struct stat status {};
  const std::string on_disk = path.starts_with('/') ? path : cwd + '/' + path;
  if (::lstat(on_disk.c_str(), &status) == 0) return std::vector<std::string>{path};
  if (errno == ENOENT || errno == ENOTDIR) return std::vector<std::string>{};
  return system_error(on_disk, errno);
}
}  // namespace

Result<std::vector<std::string>> glob(const std::string& pattern, const std::string& cwd, std::size_t limit) {
  const auto parsed = GlobPattern::parse(pattern);
  if (!parsed.ok()) return parsed.error();
  return parsed->has_wildcards() ? Walker(*parsed, cwd, limit).walk() : just_this(parsed->fixed_path(), cwd);
}

bool glob_matches(std::string_view pattern, std::string_view path) {
  const auto parsed = GlobPattern::parse(pattern);
  return parsed.ok() && parsed->accepts(parsed->feed(parsed->start(), path));
}
}  // namespace mccoy
