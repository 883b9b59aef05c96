// Files: whole reads with a limit, durable and atomic writes, private folders.
#pragma once
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/owned.hpp"

namespace mccoy {
/// errors: cannot be read; not a regular file (a pipe could block for ever); more than limit bytes (not read further)
Result<std::string> read_file(const std::string& path, std::int64_t limit_bytes);
/// Loops over short writes and EINTR.
Status write_all(int fd, std::string_view bytes);
/// Temporary name in the same folder (O_EXCL, mode & ~umask from the start), write, fsync, rename, fsync of the folder.
/// A reader sees the old file or the whole new one. Nothing is left behind on error. A link at `path` is replaced.
Status write_atomically(const std::string& path, std::string_view bytes, mode_t mode = 0644);
/// Makes the missing folders of the path; one that is there already is no error.
Status make_dirs(const std::string& path, mode_t mode = 0755);
Status sync_dir(const std::string& path);
/// Made with mkdtemp under `parent` (which must exist), mode 0700; removed with all that is in it when the owner goes
/// away. Symbolic links are not followed.
class TempDir {
 public:
  static Result<TempDir> make(const std::string& parent, std::string_view prefix);
  TempDir() = default;
  TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempDir& operator=(TempDir&& other) noexcept;
  ~TempDir();
  const std::string& path() const { return path_; }
  std::string keep() { return std::exchange(path_, {}); }  ///< gives up ownership

 private:
  explicit TempDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};
/// Removes a tree of any depth without following links or entering another mounted file system. Nothing there: no
/// error.
///   errors  the first of them, returned after all that can be removed is gone
Status remove_tree(const std::string& path);
/// Copies a folder with permissions (never setuid or setgid), times, FIFOs and symbolic links (as links). `to` is made;
/// it may be there if it is empty. Ownership, hard links and extended attributes are not kept.
///   errors  device files, sockets, `to` inside `from`, over 200 levels; what was copied so far stays
Status copy_tree(const std::string& from, const std::string& to);
/// "**" as a whole name spans any number of folders (none too); "*", "?", "[a-z]", "[!a-z]" match within one name,
/// "{a,b/c}" is either text, "\\" takes the next character as it is. "?" is one code point. A name that starts with a
/// dot matches only where the pattern writes that dot. Files and folders that match: absolute or relative as the
/// pattern is, sorted bytewise, each once. Below the first wildcard, links are not followed into folders. `cwd` is
/// where relative patterns start.
///   errors  malformed pattern, a folder that cannot be read, more than limit matches
Result<std::vector<std::string>> glob(const std::string& pattern, const std::string& cwd, std::size_t limit = 100000);
/// Time grows with pattern times path, never faster. A malformed pattern matches nothing.
bool glob_matches(std::string_view pattern, std::string_view path);
std::string absolute(const std::string& path, const std::string& cwd);  ///< lexically normal
std::string dirname(const std::string& path);
std::string basename(const std::string& path);
/// The file a command name means: with a slash itself (under cwd), else searched in path_variable. Empty if none is
/// executable.
std::string find_program(const std::string& name, const std::string& path_variable, const std::string& cwd);
}  // namespace mccoy
