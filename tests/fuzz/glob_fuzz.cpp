// Any pattern on any path (a NUL stands between them): an answer in time, and the same one however the path is fed.
#include "harness/base/glob_pattern.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace mccoy;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto end = bytes.find('\0');
  if (end == std::string_view::npos) return 0;
  const auto pattern = GlobPattern::parse(bytes.substr(0, end));
  if (!pattern.ok()) return 0;
  const std::string_view path = bytes.substr(end + 1);
  const bool matches = pattern->accepts(pattern->feed(pattern->start(), path));
  if (!pattern->has_wildcards()) MCCOY_CHECK(!matches || path == pattern->fixed_path());
  if (matches) MCCOY_CHECK(path.starts_with(pattern->fixed_folder()));
  const auto slash = path.find('/') + 1;  // npos + 1 is 0
  const auto halfway = pattern->feed(pattern->start(), path.substr(0, slash));
  MCCOY_CHECK(pattern->accepts(pattern->feed(halfway, path.substr(slash))) == matches);
  return 0;
}
