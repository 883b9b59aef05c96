// Names of files, taken apart and put together; declared in file.hpp.
#include <fcntl.h>

#include <filesystem>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"

namespace mccoy {
namespace {
bool is_executable(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

std::string without_last_slashes(const std::string& path) {
  const auto end = path.find_last_not_of('/');
  return end == std::string::npos ? path.substr(0, 1) : path.substr(0, end + 1);
}
}  // namespace

std::string absolute(const std::string& path, const std::string& cwd) {
  return without_last_slashes((std::filesystem::path(cwd) / path).lexically_normal().string());
}

std::string dirname(const std::string& path) {
  const std::string whole = without_last_slashes(path);
  const auto slash = whole.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : without_last_slashes(whole.substr(0, slash));
}

std::string basename(const std::string& path) {
  const std::string whole = without_last_slashes(path);
  return whole == "/" ? whole : whole.substr(whole.rfind('/') + 1);  // npos + 1 is 0
}

std::string find_program(const std::string& name, const std::string& path_variable, const std::string& cwd) {
  if (name.empty()) return {};
  if (name.find('/') != std::string::npos) {
    std::string path = absolute(name, cwd);
    return is_executable(path) ? path : std::string();
  }
  for (const std::string& folder : split(path_variable, ':')) {
    const std::string path = (folder.starts_with('/') ? folder : cwd + '/' + folder) + '/' + name;
    // Behind a link, ".." leads elsewhere than the words say: such a path is left as the kernel reads it.
    if (is_executable(path)) return path.find("/..") == std::string::npos ? absolute(path, "/") : path;
  }
  return {};
}
}  // namespace mccoy
