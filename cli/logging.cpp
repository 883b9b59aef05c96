#include "cli/logging.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "harness/base/text.hpp"

namespace mccoy::cli {
const std::vector<std::string>& log_levels() {
  static const std::vector<std::string> kLevels = {"trace", "debug", "info", "warning", "error", "off"};
  return kLevels;
}

void start_logging(const std::string& level) {
  auto logger = spdlog::stderr_color_mt("mccoy");
  logger->set_level(spdlog::level::from_str(level));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  spdlog::set_default_logger(std::move(logger));
}

void log_debug(std::string_view text) {
  spdlog::debug(visible_line(text));
}
void log_info(std::string_view text) {
  spdlog::info(visible_line(text));
}
}  // namespace mccoy::cli
