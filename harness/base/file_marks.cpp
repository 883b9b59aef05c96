#include "harness/base/file_marks.hpp"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "harness/base/owned.hpp"
#include "harness/base/text.hpp"

namespace mccoy {
namespace {
constexpr std::size_t kMaxAttribute = 64 << 10;  ///< of the kernel, for one value and for the list of names
constexpr mode_t kModeBits = 07777;

using Attributes = std::map<std::string, std::string>;

Result<Attributes> attributes_of(int fd, const std::string& path) {
  std::string names(kMaxAttribute, '\0');
  const ssize_t listed = ::flistxattr(fd, names.data(), names.size());
  if (listed < 0 && errno == ENOTSUP) return Attributes{};
  if (listed < 0) return system_error("cannot list the attributes of " + path, errno);
  names.resize(static_cast<std::size_t>(listed));
  Attributes found;
  for (std::size_t at = 0; at < names.size(); at = names.find('\0', at) + 1) {
    const std::string name = names.c_str() + at;
    std::string value(kMaxAttribute, '\0');
    const ssize_t size = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (size < 0) return system_error("cannot read the attribute " + name + " of " + path, errno);
    value.resize(static_cast<std::size_t>(size));
    found.emplace(name, std::move(value));
  }
  return found;
}

Status put_attributes(int fd, const std::string& path, const Attributes& wanted) {
  MCCOY_TRY(now, attributes_of(fd, path));
  for (const auto& [name, value] : wanted) {
    const auto there = now.find(name);
    if (there != now.end() && there->second == value) continue;
    if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0)
      return system_error("cannot give " + path + " its attribute " + name + " back", errno);
  }
  for (const auto& [name, value] : now)
    if (!wanted.contains(name) && ::fremovexattr(fd, name.c_str()) != 0)
      return system_error("cannot take the attribute " + name + " from " + path, errno);
  return {};
}
}  // namespace

Result<FileMarks> FileMarks::of(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  FileMarks marks;
  if (!file || ::fstat(file.get(), &marks.before) != 0) return system_error("cannot read " + path, errno);
  MCCOY_TRY(attributes, attributes_of(file.get(), path));
  marks.attributes = std::move(attributes);
  return marks;
}

/// In this order: a new owner takes set-id bits and capabilities away, and everything touches a time.
Status FileMarks::put_on(int fd, const std::string& path) const {
  struct stat now {};
  if (::fstat(fd, &now) != 0) return system_error("cannot look at " + path, errno);
  const bool other_owner = now.st_uid != before.st_uid || now.st_gid != before.st_gid;
  if (other_owner && ::fchown(fd, before.st_uid, before.st_gid) != 0)
    return system_error("cannot give " + path + " its owner back", errno);
  if (::fstat(fd, &now) != 0) return system_error("cannot look at " + path, errno);
  if (now.st_mode != before.st_mode && ::fchmod(fd, before.st_mode & kModeBits) != 0)
    return system_error("cannot give " + path + " its mode back", errno);
  MCCOY_DO(put_attributes(fd, path, attributes));
  const timespec times[] = {before.st_atim, before.st_mtim};
  if (::futimens(fd, times) != 0 && errno != EPERM)  // of a file that belongs to somebody else, only he may set them
    return system_error("cannot give " + path + " its times back", errno);
  return {};
}

namespace {
Value to_value(const timespec& time) {
  return Value::map({{"s", std::int64_t{time.tv_sec}}, {"ns", std::int64_t{time.tv_nsec}}});
}
timespec time_from(const Value& value) {
  return {.tv_sec = value["s"].as_int(), .tv_nsec = value["ns"].as_int()};
}
}  // namespace

Value to_value(const FileMarks& marks) {
  Value attributes = Value::map();
  for (const auto& [name, value] : marks.attributes) attributes.set(name, hex(value));
  return Value::map({{"mode", std::int64_t{marks.before.st_mode}},
                     {"uid", std::int64_t{marks.before.st_uid}},
                     {"gid", std::int64_t{marks.before.st_gid}},
                     {"read", to_value(marks.before.st_atim)},
                     {"written", to_value(marks.before.st_mtim)},
                     {"attributes", std::move(attributes)}});
}

FileMarks marks_from(const Value& value) {
  FileMarks marks;
  marks.before.st_mode = static_cast<mode_t>(value["mode"].as_int());
  marks.before.st_uid = static_cast<uid_t>(value["uid"].as_int());
  marks.before.st_gid = static_cast<gid_t>(value["gid"].as_int());
  marks.before.st_atim = time_from(value["read"]);
  marks.before.st_mtim = time_from(value["written"]);
  for (const auto& [name, text] : value["attributes"].as_map()) marks.attributes.emplace(name, unhex(text.as_string()));
  return marks;
}
}  // namespace mccoy
