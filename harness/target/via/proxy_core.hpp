// The part of a proxy that lives in the loop's thread: its door, its links, the faults laid on it.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "harness/target/via/carried.hpp"
#include "harness/target/via/door.hpp"
#include "harness/target/via/link.hpp"
#include "harness/target/via/proxy.hpp"

namespace mccoy::via {
class ProxyCore final : public LinkOwner {
 public:
  ProxyCore(std::shared_ptr<Loop> loop, const Address& service);
  std::shared_ptr<Loop> loop() const { return loop_; }

  // ---- in the loop's thread
  Status open(int port);
  void close();
  bool is_open() const { return door_ != nullptr; }
  int port() const { return door_->port(); }
  void lay(const std::shared_ptr<Applied>& applied);
  Status lift(Applied& applied);
  ProxyTotals totals() const;
  Mark mark() const;
  Carried since(const Mark& mark) const;
  std::optional<CarriedLink> find(const std::string& client) const;

  void on_end(Link& link) override;
  void on_refusal() override { ++totals_.refused_by_service; }

 private:
  void take(UniqueFd client, const Address& from, UniqueFd fresh);
  bool refuses_one(std::uint64_t id);
  Status set_door();
  static CarriedLink carried(const Link& link);

  std::shared_ptr<Loop> loop_;
  Address service_;
  std::unique_ptr<Door> door_;
  struct Known {
    std::shared_ptr<Link> link;
    std::int64_t began_ms = 0;
  };
  std::map<std::uint64_t, Known> links_;  ///< by number, oldest first
  std::deque<CarriedLink> ended_;         ///< the last of them
  std::int64_t forgotten_ = 0;
  std::uint64_t last_forgotten_ = 0, next_id_ = 1;
  std::vector<std::shared_ptr<Applied>> faults_;
  ProxyTotals totals_;
};
}  // namespace mccoy::via
