// What one thread counts until it hands it in, once a second: fixed memory, cleared by handing in.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "probes/load/report.hpp"

namespace mccoy::load {
/// Figures of one request name in one stage. `tally.statuses` stays empty: they are counted in an array.
struct Counts {
  static constexpr int kStatusFirst = 100, kStatusEnd = 1000;
  explicit Counts(std::size_t checks);
  void status(int status) {
    if (status >= kStatusFirst && status < kStatusEnd) ++statuses[static_cast<std::size_t>(status - kStatusFirst)];
  }
  Tally tally;
  std::array<std::uint32_t, kStatusEnd - kStatusFirst> statuses = {};
  bool touched = false;  ///< since it was handed in
};

/// All cells of one thread, made when first used.
class CountsTable {
 public:
  CountsTable(std::size_t stages, std::vector<std::size_t> checks_of_request);
  Counts& at(std::uint32_t stage, std::uint32_t request) {
    auto& cell = cells_[stage * checks_.size() + request];
    if (!cell) cell = std::make_unique<Counts>(checks_[request]);
    cell->touched = true;
    return *cell;
  }
  /// visit(stage, request, counts) for each cell that was touched; then it is cleared. Cells of stages before
  /// `first_stage` that were not touched are freed.
  template <class Visit>
  void hand_in(std::size_t first_stage, Visit visit) {
    for (std::size_t at = 0; at < cells_.size(); ++at) {
      auto& cell = cells_[at];
      if (!cell) continue;
      if (cell->touched) {
        visit(at / checks_.size(), at % checks_.size(), *cell);
        clear(*cell);
      } else if (at / checks_.size() < first_stage) {
        cell.reset();
      }
    }
  }

 private:
  static void clear(Counts& counts);
  std::vector<std::unique_ptr<Counts>> cells_;
  std::vector<std::size_t> checks_;
};
}  // namespace mccoy::load
