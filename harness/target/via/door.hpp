// The listening socket of a proxy. Closed, it keeps its port: a connection is refused, and nobody else can have it.
// When the process has no descriptors left it waits and takes nobody it could not serve. Lives in the loop's thread.
#pragma once
#include <functional>

#include "harness/target/via/address.hpp"
#include "harness/target/via/loop.hpp"

namespace mccoy::via {
class Door final : public Watched {
 public:
  /// A connection that was accepted, its far end, and a fresh socket of the family that was asked for.
  using Take = std::function<void(UniqueFd client, const Address& from, UniqueFd fresh)>;

  Door(Loop& loop, int family, Take take)
      : loop_(loop), family_(family), take_(std::move(take)), again_(loop, [this] { accept_some(); }) {}
  /// errors: the port is taken
  Status open(int port);
  /// errors: somebody else has taken the port meanwhile
  Status set_closed(bool closed);
  /// For good, and at once: its port is free when this returns.
  void close() {
    closed_ = true;
    again_.disarm();
    socket_ = {};
  }
  int port() const { return port_; }
  std::int64_t waits() const { return waits_; }  ///< times it had to wait for descriptors
  void on_events(std::uint32_t) override { accept_some(); }

 private:
  void accept_some();
  void wait_for_room();
  Loop& loop_;
  int family_;
  Take take_;
  UniqueFd socket_, fresh_;  ///< fresh: made before a connection is accepted, so that both are to be had
  Loop::Timer again_;
  int port_ = 0;
  bool closed_ = false;
  std::int64_t waits_ = 0;
};
}  // namespace mccoy::via
