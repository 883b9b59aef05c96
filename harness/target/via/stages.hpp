// The stages of single kinds; make_stage() chooses among them.
#pragma once
#include <functional>

#include "harness/target/via/stage.hpp"

namespace mccoy::via {
using MakeStage = std::unique_ptr<Stage>(std::shared_ptr<Applied> applied, std::uint64_t seed);
MakeStage make_latency, make_bandwidth, make_stall, make_slow_close, make_slice;  // stages_time.cpp
MakeStage make_black_hole, make_limit, make_reset, make_corrupt;                  // stages_bytes.cpp

/// Into pieces of the sizes that `size` gives (at least 1); what is done behind it stays with the last.
void cut(Chunk chunk, const std::function<std::size_t()>& size, std::vector<Chunk>& on);
}  // namespace mccoy::via
