// Diagnostics for us, on stderr, through spdlog. Nothing that matters to the user is only in a log.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mccoy::cli {
/// The words of --log-level and MCCOY_LOG.
const std::vector<std::string>& log_levels();
/// Once, before the first thread.
void start_logging(const std::string& level);
void log_debug(std::string_view text);
void log_info(std::string_view text);
}  // namespace mccoy::cli
