// One fault at work in one direction of one connection. Data passes the stages of a direction in the order in which the
// faults were applied: what it is, once (pass); when it may leave, again whenever a fault is lifted (leaves).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/target/via/fault.hpp"
#include "harness/target/via/readings.hpp"

namespace mccoy::via {
/// What is done behind the last byte of a chunk.
enum class Then {
  go_on,
  finish,  ///< the end of this direction (FIN)
  close,   ///< both directions end
  reset,   ///< RST to both ends
};

/// A piece of data on its way, or the end of it.
struct Chunk {
  std::string bytes = {};
  Then then = Then::go_on;
  Instant came = {};    ///< when it was read
  Duration extra = {};  ///< later than that, whatever else holds it up
  Instant leaves = {};  ///< not before
  std::size_t sent = 0;
  bool counted = false;  ///< its delay stands in the readings
  bool made = false;     ///< by the proxy itself, and not by who is said to have sent it
  std::size_t left() const { return bytes.size() - sent; }
  bool is_late() const { return leaves > came && !bytes.empty(); }
};

/// A fault while it lasts, and what it did. Shared by its stages and its handle; touched by the loop's thread only.
struct Applied {
  Fault fault;
  std::uint64_t id = 0;
  bool active = true;
  Readings readings = {};
};

class Stage {
 public:
  explicit Stage(std::shared_ptr<Applied> applied) : applied_(std::move(applied)) {}
  virtual ~Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// What becomes of it: nothing, itself, several pieces.
  virtual void pass(Chunk chunk, std::vector<Chunk>& on) { on.push_back(std::move(chunk)); }
  /// When a chunk that gets here `at` that moment leaves.
  virtual Instant leaves(const Chunk& chunk, Instant at) {
    (void)chunk;
    return at;
  }
  virtual void forget_times() {}  ///< leaves() is asked anew, from the first chunk that waits
  virtual bool delays() const { return false; }
  /// What it has kept back by itself, when it goes.
  virtual void give_up(std::vector<Chunk>& on) { (void)on; }

  Applied& applied() { return *applied_; }
  Readings& readings() { return applied_->readings; }
  const Fault& fault() const { return applied_->fault; }
  /// Something was done to this connection.
  void touch() {
    if (!touched_) ++readings().touched;
    touched_ = true;
  }
  bool touched() const { return touched_; }

 private:
  std::shared_ptr<Applied> applied_;
  bool touched_ = false;
};

/// For the kinds that work on one direction; nullptr for others.
///   seed  of this direction of this connection
std::unique_ptr<Stage> make_stage(const std::shared_ptr<Applied>& applied, std::uint64_t seed);
}  // namespace mccoy::via
