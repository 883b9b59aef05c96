// Who may disturb whom: trials share the services and files of a suite; a control that stops a service or breaks a file
// has them for itself. Fair: a waiting control is not overtaken by new trials.
#pragma once
#include <condition_variable>
#include <mutex>

namespace mccoy::run {
class World {
 public:
  class Hold {
   public:
    Hold(Hold&& other) noexcept : world_(other.world_), alone_(other.alone_) { other.world_ = nullptr; }
    Hold& operator=(Hold&&) = delete;
    ~Hold() {
      if (world_ != nullptr) world_->release(alone_);
    }

   private:
    friend class World;
    Hold(World* world, bool alone) : world_(world), alone_(alone) {}
    World* world_;
    bool alone_;
  };
  [[nodiscard]] Hold shared() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !alone_ && waiting_ == 0; });
    ++sharing_;
    return {this, false};
  }
  [[nodiscard]] Hold alone() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.wait(lock, [&] { return !alone_ && sharing_ == 0; });
    --waiting_;
    alone_ = true;
    return {this, true};
  }

  /// For whoever holds it: is nobody else here? Stays so while it is held alone.
  bool is_held_alone() const {
    const std::lock_guard lock(mutex_);
    return alone_;
  }

 private:
  void release(bool alone) {
    {
      const std::lock_guard lock(mutex_);
      if (alone)
        alone_ = false;
      else
        --sharing_;
    }
    changed_.notify_all();
  }
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int sharing_ = 0, waiting_ = 0;
  bool alone_ = false;
};
}  // namespace mccoy::run
