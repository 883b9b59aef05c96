#include "harness/target/via/proxy.hpp"

#include "harness/target/via/knock.hpp"
#include "harness/target/via/proxy_core.hpp"

namespace mccoy::via {
namespace {
constexpr Duration kKnock = std::chrono::milliseconds(500);
}

Injected& Injected::operator=(Injected&& other) noexcept {
  if (this == &other) return *this;
  (void)lift();
  core_ = std::move(other.core_);
  applied_ = std::move(other.applied_);
  fault_ = std::move(other.fault_);
  active_ = std::exchange(other.active_, false);
  return *this;
}

Status Injected::lift() {
  if (!active_ || core_ == nullptr) return {};
  active_ = false;
  Status lifted;
  core_->loop()->run([&] { lifted = core_->lift(*applied_); });
  return lifted;
}

Readings Injected::measure() const {
  Readings now;
  if (core_ == nullptr) return now;
  core_->loop()->run([&] { now = applied_->readings; });
  if (fault_.kind != FaultKind::refuse || fault_.share < 100 || !active_) return now;
  int port = 0;
  core_->loop()->run([&] { port = core_->is_open() ? core_->port() : 0; });
  if (port == 0 || knock(loopback(port), "", Deadline::in(kKnock)).how != Knock::How::refused) return now;
  core_->loop()->run([&] {
    ++applied_->readings.refused;
    now = applied_->readings;
  });
  return now;
}

Result<std::unique_ptr<Proxy>> Proxy::open(std::shared_ptr<Loop> loop, int port, const Address& service) {
  std::unique_ptr<Proxy> proxy(new Proxy);
  proxy->loop_ = std::move(loop);
  proxy->service_ = service;
  proxy->core_ = std::make_shared<ProxyCore>(proxy->loop_, service);
  Status opened;
  proxy->loop_->run([&] {
    opened = proxy->core_->open(port);
    if (opened.ok()) proxy->port_ = proxy->core_->port();
  });
  if (!opened.ok()) return std::move(opened).error();
  return proxy;
}

Proxy::~Proxy() {
  loop_->run([&] { core_->close(); });
}

Result<Injected> Proxy::apply(const Fault& fault) {
  MCCOY_DO(check(fault));
  Injected injected;
  injected.core_ = core_;
  injected.fault_ = fault;
  injected.applied_ = std::make_shared<Applied>(Applied{.fault = fault});
  loop_->run([&] { core_->lay(injected.applied_); });
  injected.active_ = true;
  return injected;
}

ProxyTotals Proxy::totals() const {
  ProxyTotals now;
  loop_->run([&] { now = core_->totals(); });
  return now;
}

Mark Proxy::mark() const {
  Mark mark;
  loop_->run([&] { mark = core_->mark(); });
  return mark;
}

Carried Proxy::since(const Mark& mark) const {
  Carried carried;
  loop_->run([&] { carried = core_->since(mark); });
  return carried;
}

std::optional<CarriedLink> Proxy::find(const std::string& client) const {
  std::optional<CarriedLink> found;
  loop_->run([&] { found = core_->find(client); });
  return found;
}
}  // namespace mccoy::via
