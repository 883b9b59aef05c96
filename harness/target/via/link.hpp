// One connection through a proxy: the client's socket, the socket to the service, and a flow each way. The ends are
// told apart faithfully: FIN is passed on as FIN, in each direction by itself, RST as RST, a refusal as RST. Lives in
// the loop's thread.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/target/via/address.hpp"
#include "harness/target/via/flow.hpp"
#include "harness/target/via/loop.hpp"

namespace mccoy::via {
/// One socket of a link.
class Side final : public Watched {
 public:
  Side(Link& link, UniqueFd socket) : fd(std::move(socket)), link_(link) {}
  void on_events(std::uint32_t events) override;

  UniqueFd fd;
  bool hung_up = false;  ///< a read will come to its end

 private:
  Link& link_;
};

/// Who owns links.
class LinkOwner {
 public:
  virtual ~LinkOwner() = default;
  virtual void on_end(Link& link) = 0;  ///< it is closed, and may go after this round
  virtual void on_refusal() = 0;        ///< the service did not take a connection
};

class Link {
 public:
  Link(LinkOwner& owner, Loop& loop, std::uint64_t id, UniqueFd client, UniqueFd service);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// errors: the sockets cannot be watched
  Status begin(const Address& client, const Address& service);
  /// Lays a fault on it.
  void lay(const std::shared_ptr<Applied>& applied);
  void lift(const Applied& applied);

  std::uint64_t id() const { return id_; }
  Loop& loop() { return loop_; }
  bool over() const { return over_; }
  bool connected() const { return connected_; }
  bool draining() const { return draining_; }
  Flow& to_service() { return to_service_; }
  Flow& to_client() { return to_client_; }
  const Flow& to_service() const { return to_service_; }
  const Flow& to_client() const { return to_client_; }
  const Address& client_address() const { return client_address_; }
  const Address& own_address() const { return own_address_; }
  std::int64_t answered_by_proxy = 0;  ///< requests that the service never saw

  void on_events(Side& side, std::uint32_t events);
  /// Its flow has handed on all, and now this.
  void act(Then then, const Flow& flow);
  void reset();  ///< RST to both
  void pump();

 private:
  struct Doom {
    std::shared_ptr<Applied> applied;
    Instant at;
  };
  void settle_connect();
  void finish(const Flow& flow);
  void close_softly();
  void end();
  void meet_doom();
  void arm_doom();

  LinkOwner& owner_;
  Loop& loop_;
  const std::uint64_t id_;
  Address client_address_, own_address_;
  Side client_, service_;
  Flow to_service_, to_client_;
  std::vector<Doom> dooms_;
  Loop::Timer clock_;
  bool connected_ = false, over_ = false, draining_ = false;
};
}  // namespace mccoy::via
