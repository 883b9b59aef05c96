#include "reports/write.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "harness/base/file.hpp"

namespace mccoy::reports {
namespace {
/// Only a plain file that says of itself near its start that mccoy wrote it.
bool is_ours(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  std::string start(4096, '\0');
  const ssize_t count = fd ? ::read(fd.get(), start.data(), start.size()) : -1;
  return count > 0 && start.substr(0, static_cast<std::size_t>(count)).find("mccoy.") != std::string::npos;
}

void remove_older_parts(const std::string& path, std::size_t first) {
  for (std::size_t number = std::max<std::size_t>(first, 2);; ++number) {
    const std::string part = part_path(path, fmt::format("-{}", number));
    if (!is_ours(part) || ::unlink(part.c_str()) != 0) return;
  }
}
}  // namespace

std::string part_path(const std::string& path, std::string_view part) {
  const std::size_t name = path.rfind('/') + 1;  // 0 when there is none
  const std::size_t dot = path.rfind('.');
  const std::size_t cut = dot == std::string::npos || dot <= name ? path.size() : dot;
  return path.substr(0, cut) + std::string(part) + path.substr(cut);
}

Status write_report(const ReportKind& kind, const run::RunView& run, std::string_view dialect,
                    const std::string& path) {
  MCCOY_TRY(files, kind.render(run, dialect));
  MCCOY_DO(make_dirs(dirname(path)));
  for (const auto& [part, bytes] : files) MCCOY_DO(write_atomically(part_path(path, part), bytes));
  remove_older_parts(path, files.size() + 1);
  return {};
}
}  // namespace mccoy::reports
