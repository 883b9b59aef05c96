#include "harness/target/via/link.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "harness/base/random.hpp"
#include "harness/target/via/http_stages.hpp"

namespace mccoy::via {
namespace {
constexpr Duration kSoftClose = std::chrono::seconds(1);
constexpr std::uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP;

void send_at_once(int fd) {
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

int error_of(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

void close_with_reset(UniqueFd& fd) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  fd.reset();
}

std::uint64_t seed_of(const Applied& applied, std::uint64_t link, std::string_view way) {
  return derive_seed(applied.fault.seed, std::to_string(link) + std::string(way));
}
}  // namespace

void Side::on_events(std::uint32_t events) {
  if (!link_.over()) link_.on_events(*this, events);
}

Link::Link(LinkOwner& owner, Loop& loop, std::uint64_t id, UniqueFd client, UniqueFd service)
    : owner_(owner),
      loop_(loop),
      id_(id),
      client_(*this, std::move(client)),
      service_(*this, std::move(service)),
      to_service_(*this, client_, service_),
      to_client_(*this, service_, client_),
      clock_(loop, [this] { meet_doom(); }) {}

Link::~Link() = default;

Status Link::begin(const Address& client, const Address& service) {
  client_address_ = client;
  send_at_once(client_.fd.get());
  send_at_once(service_.fd.get());
  const int done = ::connect(service_.fd.get(), service.get(), service.size);
  if (done != 0 && errno != EINPROGRESS) {
    owner_.on_refusal();
    reset();
    return {};
  }
  own_address_ = via::own_address(service_.fd.get());
  connected_ = done == 0;
  MCCOY_DO(loop_.watch(service_.fd.get(), kEvents, service_));
  return loop_.watch(client_.fd.get(), kEvents, client_);
}

void Link::on_events(Side& side, std::uint32_t events) {
  Flow& out = &side == &client_ ? to_service_ : to_client_;
  Flow& in = &side == &client_ ? to_client_ : to_service_;
  if (!connected_ && &side == &service_) settle_connect();
  if (over_) return;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) side.hung_up = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) out.may_read();
  if ((events & EPOLLOUT) != 0) in.may_write();
  if ((events & EPOLLERR) != 0 && out.has_ended()) return reset();  // nobody would read of it
  out.pump();
  if (!over_ && (events & EPOLLOUT) != 0) in.pump();
  if (!over_ && draining_ && to_service_.has_ended() && to_client_.has_ended()) end();
}

void Link::pump() {
  to_service_.pump();
  if (!over_) to_client_.pump();
}

void Link::settle_connect() {
  if (error_of(service_.fd.get()) != 0) {
    owner_.on_refusal();
    return reset();
  }
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(service_.fd.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_SYN_SENT)
    return;
  connected_ = true;
  to_service_.pump();
}

// ---- its end

void Link::act(Then then, const Flow& flow) {
  if (then == Then::finish) finish(flow);
  if (then == Then::close) close_softly();
  if (then == Then::reset) reset();
}

void Link::finish(const Flow& flow) {
  if (to_service_.is_finished() && to_client_.is_finished()) return end();
  ::shutdown(&flow == &to_service_ ? service_.fd.get() : client_.fd.get(), SHUT_WR);
}

/// Closing a socket with unread data would send RST, so what still comes is read and forgotten.
void Link::close_softly() {
  draining_ = true;
  dooms_.clear();
  ::shutdown(client_.fd.get(), SHUT_WR);
  ::shutdown(service_.fd.get(), SHUT_WR);
  to_service_.drain();
  to_client_.drain();
  clock_.arm(Clock::now() + kSoftClose);
}

void Link::reset() {
  if (over_) return;
  close_with_reset(client_.fd);
  close_with_reset(service_.fd);
  end();
}

void Link::end() {
  over_ = true;
  client_.fd.reset();
  service_.fd.reset();
  clock_.disarm();
  loop_.forget(client_);
  loop_.forget(service_);
  owner_.on_end(*this);
}

// ---- faults

void Link::lay(const std::shared_ptr<Applied>& applied) {
  if (over_) return;
  const Fault& fault = applied->fault;
  if (row_of(fault.kind).by_request) {
    lay_http(applied, *this);
    return;
  }
  ++applied->readings.under;
  if (fault.toward != Toward::client)
    if (auto stage = make_stage(applied, seed_of(*applied, id_, "/to service"))) to_service_.add(std::move(stage));
  if (fault.toward != Toward::service)
    if (auto stage = make_stage(applied, seed_of(*applied, id_, "/to client"))) to_client_.add(std::move(stage));
  const bool by_clock = (fault.kind == FaultKind::reset && fault.bytes == 0) ||
                        (fault.kind == FaultKind::black_hole && fault.after.count() > 0);
  if (!by_clock) return;
  dooms_.push_back({applied, Clock::now() + fault.after});
  arm_doom();
}

void Link::arm_doom() {
  const auto next = std::ranges::min_element(dooms_, {}, &Doom::at);
  if (next == dooms_.end())
    clock_.disarm();
  else
    clock_.arm(next->at);
}

void Link::meet_doom() {
  const auto next = std::ranges::min_element(dooms_, {}, &Doom::at);
  if (next == dooms_.end()) return end();
  const bool hard = next->applied->fault.kind == FaultKind::reset;
  ++(hard ? next->applied->readings.resets : next->applied->readings.closes);
  ++next->applied->readings.touched;
  if (hard) return reset();
  close_softly();
}

void Link::lift(const Applied& applied) {
  if (over_) return;
  std::erase_if(dooms_, [&](const Doom& doom) { return doom.applied.get() == &applied; });
  if (!draining_) arm_doom();
  const bool torn_there = to_service_.lift(applied), torn_back = to_client_.lift(applied);
  if (torn_there || torn_back) return reset();
  pump();
}
}  // namespace mccoy::via
