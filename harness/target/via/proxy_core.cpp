#include "harness/target/via/proxy_core.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "harness/base/random.hpp"

namespace mccoy::via {
namespace {
constexpr std::size_t kRemembered = 20'000;  ///< connections that have ended

/// Whether a fault is laid on this connection: by its seed and number, whatever else happens.
bool is_meant(const Fault& fault, std::uint64_t link) {
  if (fault.share >= 100 || row_of(fault.kind).by_request) return true;
  return Random(derive_seed(fault.seed, std::to_string(link))).unit() * 100 < fault.share;
}
bool closes_the_door(const Applied& applied) {
  return applied.fault.kind == FaultKind::refuse && applied.fault.share >= 100;
}
}  // namespace

ProxyCore::ProxyCore(std::shared_ptr<Loop> loop, const Address& service) : loop_(std::move(loop)), service_(service) {}

Status ProxyCore::open(int port) {
  door_ =
      std::make_unique<Door>(*loop_, service_.family(), [this](UniqueFd client, const Address& from, UniqueFd fresh) {
        take(std::move(client), from, std::move(fresh));
      });
  return door_->open(port);
}

void ProxyCore::close() {
  if (door_ != nullptr) {
    door_->close();
    loop_->forget(*door_);
    loop_->bury(std::shared_ptr<Door>(std::move(door_)));
  }
  while (!links_.empty()) links_.begin()->second.link->reset();
  faults_.clear();
}

void ProxyCore::take(UniqueFd client, const Address& from, UniqueFd fresh) {
  ++totals_.accepted;
  const std::uint64_t id = next_id_++;
  if (refuses_one(id)) {
    const linger none{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    return;
  }
  const auto link = std::make_shared<Link>(*this, *loop_, id, std::move(client), std::move(fresh));
  links_.emplace(id, Known{link, wall_ms()});
  for (const auto& applied : faults_)
    if (is_meant(applied->fault, id)) link->lay(applied);
  if (!link->begin(from, service_).ok()) link->reset();
}

bool ProxyCore::refuses_one(std::uint64_t id) {
  for (const auto& applied : faults_) {
    if (applied->fault.kind != FaultKind::refuse || !is_meant(applied->fault, id)) continue;
    ++applied->readings.refused;
    ++applied->readings.under;
    ++applied->readings.touched;
    return true;
  }
  return false;
}

CarriedLink ProxyCore::carried(const Link& link) {
  return {.id = link.id(),
          .client = link.client_address(),
          .own = link.own_address(),
          .connected = link.connected(),
          .to_service = link.to_service().carried(),
          .to_client = link.to_client().carried(),
          .answered_by_proxy = link.answered_by_proxy};
}

void ProxyCore::on_end(Link& link) {
  const auto known = links_.find(link.id());
  if (known == links_.end()) return;
  CarriedLink& last = ended_.emplace_back(carried(link));
  last.began_ms = known->second.began_ms;
  last.ended_ms = wall_ms();
  totals_.to_service += last.to_service;
  totals_.to_client += last.to_client;
  loop_->bury(std::move(known->second.link));
  links_.erase(known);
  if (ended_.size() <= kRemembered) return;
  ++forgotten_;
  last_forgotten_ = std::max(last_forgotten_, ended_.front().id);
  ended_.pop_front();
}

// ---- faults

void ProxyCore::lay(const std::shared_ptr<Applied>& applied) {
  faults_.push_back(applied);
  (void)set_door();  // to close it takes nothing
  if (applied->fault.kind == FaultKind::refuse) return;
  std::vector<std::shared_ptr<Link>> now;  // some may end by it
  for (const auto& [id, known] : links_)
    if (is_meant(applied->fault, id)) now.push_back(known.link);
  for (const auto& link : now) link->lay(applied);
}

Status ProxyCore::lift(Applied& applied) {
  if (!applied.active) return {};
  applied.active = false;
  std::erase_if(faults_, [&](const auto& each) { return each.get() == &applied; });
  std::vector<std::shared_ptr<Link>> now;
  for (const auto& [id, known] : links_) now.push_back(known.link);
  for (const auto& link : now) link->lift(applied);
  return set_door();
}

Status ProxyCore::set_door() {
  if (door_ == nullptr) return {};
  return door_->set_closed(std::ranges::any_of(faults_, [](const auto& applied) { return closes_the_door(*applied); }));
}

// ---- figures

ProxyTotals ProxyCore::totals() const {
  ProxyTotals now = totals_;
  now.open = static_cast<std::int64_t>(links_.size());
  if (door_ != nullptr) now.waits_for_descriptors = door_->waits();
  for (const auto& [id, known] : links_) {
    now.to_service += known.link->to_service().carried();
    now.to_client += known.link->to_client().carried();
    now.held += static_cast<std::int64_t>(known.link->to_service().held() + known.link->to_client().held());
  }
  return now;
}

Mark ProxyCore::mark() const {
  Mark mark{.next_id = next_id_, .open = {}};
  for (const auto& [id, known] : links_) {
    const CarriedLink now = carried(*known.link);
    mark.open.emplace(id, Mark::Bytes{now.to_service, now.to_client, now.answered_by_proxy});
  }
  return mark;
}

Carried ProxyCore::since(const Mark& mark) const {
  Carried all;
  const auto add = [&](CarriedLink link) {
    const auto before = mark.open.find(link.id);
    if (before == mark.open.end() && link.id < mark.next_id) return;
    if (before != mark.open.end()) {
      link.to_service -= before->second.to_service;
      link.to_client -= before->second.to_client;
      link.answered_by_proxy -= before->second.answered_by_proxy;
    }
    all.links.push_back(link);
  };
  for (const CarriedLink& link : ended_) add(link);
  for (const auto& [id, known] : links_) {
    CarriedLink link = carried(*known.link);
    link.began_ms = known.began_ms;
    add(link);
  }
  std::ranges::sort(all.links, {}, &CarriedLink::id);
  if (last_forgotten_ >= mark.next_id) all.left_out = forgotten_;
  return all;
}

std::optional<CarriedLink> ProxyCore::find(const std::string& client) const {
  for (const auto& [id, known] : links_)
    if (known.link->client_address().text() == client) return carried(*known.link);
  return std::nullopt;
}
}  // namespace mccoy::via
