// One direction of a connection through a proxy. Without a fault it hands on what it reads at once and keeps only what
// the other end would not take; under faults it keeps at most kMostHeld bytes, and then reads no further.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "harness/target/via/loop.hpp"
#include "harness/target/via/stage.hpp"

namespace mccoy::via {
class Link;
class Side;

constexpr std::size_t kMostHeld = 1 << 20;  ///< bytes
constexpr std::size_t kMostChunks = 4096;   ///< of them, for small ones cost more than their bytes
constexpr std::size_t kReadUnderFault = 16 << 10;

class Flow {
 public:
  Flow(Link& link, Side& from, Side& to);

  /// Moves what can be moved now.
  void pump();
  void may_read() { readable_ = true; }
  void may_write() { blocked_ = false; }
  bool has_ended() const { return ended_; }       ///< its source has nothing more to say
  bool is_finished() const { return finished_; }  ///< and its sink knows
  /// Reads and forgets until the source has ended.
  void drain();

  void add(std::unique_ptr<Stage> stage) { stages_.push_back(std::move(stage)); }
  /// Before the stages that are there.
  void add_first(std::unique_ptr<Stage> stage) { stages_.insert(stages_.begin(), std::move(stage)); }
  /// Takes the stages of a fault away; what waited for them alone leaves at once.
  ///   returns  data is missing in the middle
  bool lift(const Applied& applied);
  /// What the proxy itself says, as if it had come out of that stage.
  void say(std::string bytes, const Stage& stage);

  std::int64_t carried() const { return carried_; }  ///< bytes of the source that the sink was given
  std::size_t held() const { return held_; }

 private:
  enum class Step { more, wait, over };
  Step flush();
  Step send_head();
  Step read_some();
  Step hand_on(std::size_t bytes);
  bool has_room() const;
  void end_with(Then then);
  void take(Chunk chunk);
  void pass(Chunk chunk, std::size_t first_stage);
  void queue(Chunk chunk);
  void schedule(Chunk& chunk);
  void count_held(const Chunk& chunk);
  void count_delay(Chunk& chunk, Instant now);
  void drop_head();

  Link& link_;
  Side& from_;
  Side& to_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::deque<Chunk> queue_;
  std::size_t held_ = 0;
  Instant last_leaves_{};
  Loop::Timer timer_;
  std::int64_t carried_ = 0;
  bool readable_ = false, blocked_ = false, ended_ = false, finished_ = false;
};
}  // namespace mccoy::via
