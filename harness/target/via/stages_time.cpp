// Faults that change when data leaves. All of them keep its order: a link never sends a chunk before the one ahead.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "harness/base/random.hpp"
#include "harness/target/via/stages.hpp"

namespace mccoy::via {
namespace {
constexpr double kMostTail = 50;  ///< of a pareto delay, in jitters

/// In (0, 1]: what has a logarithm.
double above_zero(Random& random) {
  return 1.0 - random.unit();
}

double spread(Spread how, Random& random) {
  switch (how) {
    case Spread::constant:
      return 0;
    case Spread::uniform:
      return 2 * random.unit() - 1;
    case Spread::normal:
      return std::sqrt(-2 * std::log(above_zero(random))) * std::cos(2 * std::numbers::pi * random.unit());
    case Spread::pareto:
      return std::min(kMostTail, std::pow(above_zero(random), -1.0 / 3) - 1);
  }
  return 0;
}

class Delaying : public Stage {
 public:
  using Stage::Stage;
  bool delays() const override { return true; }
};

class Latency final : public Delaying {
 public:
  Latency(std::shared_ptr<Applied> applied, std::uint64_t seed) : Delaying(std::move(applied)), random_(seed) {}
  Instant leaves(const Chunk&, Instant at) override {
    const double more = static_cast<double>(fault().jitter.count()) * spread(fault().spread, random_);
    return at + std::max(Duration(0), fault().delay + Duration(static_cast<std::int64_t>(more)));
  }

 private:
  Random random_;
};

/// A bucket that is never filled ahead: each piece leaves when the one before has had its time. Pieces are small, so
/// that data flows evenly.
class Bandwidth final : public Delaying {
 public:
  using Delaying::Delaying;
  void pass(Chunk chunk, std::vector<Chunk>& on) override {
    cut(
        std::move(chunk), [&] { return piece(); }, on);
  }
  Instant leaves(const Chunk& chunk, Instant at) override {
    const double seconds = static_cast<double>(chunk.left()) / static_cast<double>(fault().rate);
    free_ = std::max(free_, at) + Duration(static_cast<std::int64_t>(seconds * 1e9));
    return free_;
  }
  void forget_times() override { free_ = {}; }

 private:
  /// What flows in 5 ms.
  std::size_t piece() const {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(fault().rate / 200, 1, 64 << 10));
  }
  Instant free_{};  ///< when all before will have left
};

class Stall final : public Delaying {
 public:
  using Delaying::Delaying;
  Instant leaves(const Chunk&, Instant) override { return Instant::max(); }
};

class SlowClose final : public Stage {
 public:
  using Stage::Stage;
  void pass(Chunk chunk, std::vector<Chunk>& on) override {
    if (chunk.then == Then::finish) {
      ++readings().ends_delayed;
      touch();
    }
    on.push_back(std::move(chunk));
  }
  Instant leaves(const Chunk& chunk, Instant at) override {
    return chunk.then == Then::finish ? at + fault().delay : at;
  }
};

class Slice final : public Stage {
 public:
  Slice(std::shared_ptr<Applied> applied, std::uint64_t seed) : Stage(std::move(applied)), random_(seed) {}
  void pass(Chunk chunk, std::vector<Chunk>& on) override {
    const std::size_t before = on.size();
    cut(
        std::move(chunk), [&] { return piece(); }, on);
    if (on.size() - before < 2) return;
    readings().pieces += static_cast<std::int64_t>(on.size() - before);
    touch();
  }
  Instant leaves(const Chunk&, Instant at) override {
    const Instant leaves = std::max(at, next_);
    next_ = leaves + fault().delay;
    return leaves;
  }
  void forget_times() override { next_ = {}; }

 private:
  std::size_t piece() {
    const auto around = static_cast<std::uint64_t>(2 * fault().variation + 1);
    return static_cast<std::size_t>(fault().size - fault().variation +
                                    static_cast<std::int64_t>(random_.below(around)));
  }
  Random random_;
  Instant next_{};
};
}  // namespace

void cut(Chunk chunk, const std::function<std::size_t()>& size, std::vector<Chunk>& on) {
  std::size_t at = 0;
  for (std::size_t next = size(); chunk.bytes.size() - at > next; next = size()) {
    on.push_back({.bytes = chunk.bytes.substr(at, next), .came = chunk.came, .made = chunk.made});
    at += next;
  }
  chunk.bytes.erase(0, at);
  on.push_back(std::move(chunk));
}

std::unique_ptr<Stage> make_latency(std::shared_ptr<Applied> applied, std::uint64_t seed) {
  return std::make_unique<Latency>(std::move(applied), seed);
}
std::unique_ptr<Stage> make_bandwidth(std::shared_ptr<Applied> applied, std::uint64_t) {
  return std::make_unique<Bandwidth>(std::move(applied));
}
std::unique_ptr<Stage> make_stall(std::shared_ptr<Applied> applied, std::uint64_t) {
  return std::make_unique<Stall>(std::move(applied));
}
std::unique_ptr<Stage> make_slow_close(std::shared_ptr<Applied> applied, std::uint64_t) {
  return std::make_unique<SlowClose>(std::move(applied));
}
std::unique_ptr<Stage> make_slice(std::shared_ptr<Applied> applied, std::uint64_t seed) {
  return std::make_unique<Slice>(std::move(applied), seed);
}
}  // namespace mccoy::via
