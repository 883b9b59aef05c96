#include "harness/judge/paths.hpp"

#include <optional>
#include <string>

#include "harness/base/file.hpp"

namespace mccoy::judge {
namespace {
std::string_view plain(std::string_view path) {
  return path.starts_with("./") ? path.substr(2) : path;
}

bool needs_folder(std::string_view pattern, std::string_view path) {
  return path.starts_with('/') && !pattern.starts_with('/');
}

/// Below the folder a pattern begins in. Nothing when that folder is not known, or the two need none.
std::optional<bool> matches_in(std::string_view pattern, std::string_view path, std::string_view base) {
  if (base.empty() || !needs_folder(pattern, path)) return std::nullopt;
  const std::string full = absolute(std::string(pattern), std::string(base));
  if (full == path || glob_matches(full, path)) return true;
  const bool below = path.starts_with(base) && path.substr(base.size()).starts_with('/');
  return below && glob_matches(plain(pattern), path.substr(base.size() + 1));
}

std::string_view port_of(std::string_view address) {
  const auto colon = address.rfind(':');
  return colon == std::string_view::npos ? std::string_view{} : address.substr(colon + 1);
}
bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("localhost:") || address.starts_with("[::1]") ||
         address.starts_with("[::ffff:127.");
}
}  // namespace

bool is_meant(std::string_view pattern, std::string_view path, std::string_view base) {
  if (const auto decided = matches_in(pattern, path, base)) return *decided;
  pattern = plain(pattern);
  path = plain(path);
  if (pattern == path || glob_matches(pattern, path)) return true;
  return needs_folder(pattern, path) &&
         (path.ends_with("/" + std::string(pattern)) || glob_matches("/**/" + std::string(pattern), path));
}

bool is_below(std::string_view folder, std::string_view path, std::string_view base) {
  if (!base.empty() && needs_folder(folder, path))
    return path.starts_with(absolute(std::string(folder), std::string(base)) + "/");
  folder = plain(folder);
  path = plain(path);
  while (folder.ends_with('/')) folder.remove_suffix(1);
  if (path.starts_with(std::string(folder) + "/")) return true;
  return needs_folder(folder, path) && path.find("/" + std::string(folder) + "/") != std::string_view::npos;
}

bool same_endpoint(std::string_view a, std::string_view b) {
  return a == b || (!port_of(a).empty() && port_of(a) == port_of(b) && is_loopback(a) && is_loopback(b));
}

}  // namespace mccoy::judge
