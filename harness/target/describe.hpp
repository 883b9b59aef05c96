// Processes and their times in words, as they stand in messages.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/evidence/facts.hpp"

namespace mccoy::target {
/// "pid 812 /usr/bin/node (server.js), started 3 h before this run"; run_started_ms 0: "started 2026-11-21T10:02:11Z"
std::string describe(const evidence::SeenProcess& process, std::int64_t run_started_ms = 0);
/// Several of them, joined by "and"; "a process that cannot be seen" when there is none.
std::string describe(const std::vector<evidence::SeenProcess>& processes, std::int64_t run_started_ms = 0);
/// "45 s", "3 h", "2 days": one unit, rounded down.
std::string rough_span(std::int64_t milliseconds);
/// The last line of a text that is not blank, trimmed and made harmless; at most `most` bytes.
std::string last_line(std::string_view text, std::size_t most = 200);
}  // namespace mccoy::target
