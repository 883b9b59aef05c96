// What a regular file is beside its bytes: mode with set-id bits, owner, extended attributes (file capabilities, access
// lists) and times. Writing to a file takes some of them away, so whoever writes to one that is not his puts them back.
#pragma once
#include <sys/stat.h>

#include <map>
#include <string>

#include "harness/base/error.hpp"
#include "harness/base/value.hpp"

namespace mccoy {
struct FileMarks {
  struct stat before {};
  std::map<std::string, std::string> attributes;  ///< raw; empty where the file system has none

  /// Reads them. errors: it cannot be opened or its attributes cannot be read
  static Result<FileMarks> of(const std::string& path);
  /// Makes the open file what it was; called after the last write. errors: the first that could not be put back
  Status put_on(int fd, const std::string& path) const;
};
/// As an undo record keeps them.
Value to_value(const FileMarks& marks);
FileMarks marks_from(const Value& value);
}  // namespace mccoy
