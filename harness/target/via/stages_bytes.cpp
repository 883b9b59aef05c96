// Faults that change what gets through.
#include <array>
#include <cmath>

#include "harness/base/random.hpp"
#include "harness/target/via/stages.hpp"

namespace mccoy::via {
namespace {
class BlackHole final : public Stage {
 public:
  using Stage::Stage;
  void pass(Chunk chunk, std::vector<Chunk>&) override {
    readings().bytes_dropped += static_cast<std::int64_t>(chunk.bytes.size());
    touch();
  }
};

/// Lets so many bytes through, and then ends the connection.
class Limit final : public Stage {
 public:
  Limit(std::shared_ptr<Applied> applied, Then then)
      : Stage(std::move(applied)), then_(then), left_(static_cast<std::size_t>(fault().bytes)) {}
  void pass(Chunk chunk, std::vector<Chunk>& on) override {
    const std::size_t more = chunk.bytes.size();
    if (ended_) return drop(more);
    if (more < left_ || (more == 0 && left_ > 0)) {
      left_ -= more;
      on.push_back(std::move(chunk));
      return;
    }
    drop(more - left_);
    chunk.bytes.resize(left_);
    chunk.then = then_;
    ended_ = true;
    ++(then_ == Then::reset ? readings().resets : readings().closes);
    touch();
    on.push_back(std::move(chunk));
  }

 private:
  void drop(std::size_t bytes) { readings().bytes_dropped += static_cast<std::int64_t>(bytes); }
  Then then_;
  std::size_t left_;
  bool ended_ = false;
};

/// The next byte to be changed is drawn, not each byte: cheap when the chance is small.
class Corrupt final : public Stage {
 public:
  Corrupt(std::shared_ptr<Applied> applied, std::uint64_t seed) : Stage(std::move(applied)), random_(seed) { draw(); }
  void pass(Chunk chunk, std::vector<Chunk>& on) override {
    std::size_t at = 0;
    for (; chunk.bytes.size() - at > skip_; ++at) {
      at += skip_;
      chunk.bytes[at] = static_cast<char>(chunk.bytes[at] ^ (1 << random_.below(8)));
      ++readings().bytes_corrupted;
      touch();
      draw();
    }
    skip_ -= chunk.bytes.size() - at;
    on.push_back(std::move(chunk));
  }

 private:
  void draw() {
    const double chance = fault().chance;
    const double gap = chance >= 1 ? 0 : std::floor(std::log(1.0 - random_.unit()) / std::log1p(-chance));
    skip_ = static_cast<std::size_t>(std::min(gap, 1e15));
  }
  Random random_;
  std::size_t skip_ = 0;  ///< bytes that stay as they are before the next that does not
};

struct Row {
  FaultKind kind;
  MakeStage* make;
};
constexpr std::array<Row, 9> kRows = {{{FaultKind::latency, &make_latency},
                                       {FaultKind::bandwidth, &make_bandwidth},
                                       {FaultKind::stall, &make_stall},
                                       {FaultKind::slow_close, &make_slow_close},
                                       {FaultKind::slice, &make_slice},
                                       {FaultKind::black_hole, &make_black_hole},
                                       {FaultKind::limit, &make_limit},
                                       {FaultKind::reset, &make_reset},
                                       {FaultKind::corrupt, &make_corrupt}}};
}  // namespace

std::unique_ptr<Stage> make_black_hole(std::shared_ptr<Applied> applied, std::uint64_t) {
  return std::make_unique<BlackHole>(std::move(applied));
}
std::unique_ptr<Stage> make_limit(std::shared_ptr<Applied> applied, std::uint64_t) {
  return std::make_unique<Limit>(std::move(applied), Then::close);
}
/// Without a number of bytes the link itself resets, by the clock.
std::unique_ptr<Stage> make_reset(std::shared_ptr<Applied> applied, std::uint64_t) {
  if (applied->fault.bytes == 0) return nullptr;
  return std::make_unique<Limit>(std::move(applied), Then::reset);
}
std::unique_ptr<Stage> make_corrupt(std::shared_ptr<Applied> applied, std::uint64_t seed) {
  return std::make_unique<Corrupt>(std::move(applied), seed);
}

std::unique_ptr<Stage> make_stage(const std::shared_ptr<Applied>& applied, std::uint64_t seed) {
  for (const Row& row : kRows)
    if (row.kind == applied->fault.kind) return row.make(applied, seed);
  return nullptr;
}
}  // namespace mccoy::via
