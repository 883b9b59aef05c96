// Bytes out and in: HTTP/1.1 and raw requests, one at a time on each connection.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "probes/load/worker.hpp"

namespace mccoy::load {
namespace {
Moved moved(ssize_t result, std::size_t& bytes) {
  bytes = result > 0 ? static_cast<std::size_t>(result) : 0;
  if (result > 0) return Moved::some;
  if (result == 0) return Moved::end;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Moved::later : Moved::reset;
}

Cause cause_of(Moved how) {
  return how == Moved::end ? Cause::closed_early : how == Moved::wrong ? Cause::tls : Cause::reset;
}
}  // namespace

void Worker::on_event(Index index, std::uint32_t events) {
  Connection& connection = connections_[index];
  if (connection.state == Connection::State::connecting) return connected(index);
  if (connection.state == Connection::State::shaking) return shake_hands(index);
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) connection.peer_closing = true;
  if (connection.extra && connection.extra->http2) mark_dirty(index);
  if (connection.extra && !connection.extra->unsent.empty()) flush(index);
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 || (connection.extra && connection.extra->tls))
    on_readable(index);
}

void Worker::start_on(Index index, Index trip_index) {
  Trip& trip = trips_[trip_index];
  Connection& connection = connections_[index];
  const RequestPlan& plan = plan_of(trip);
  trip.connection = index;
  trip.state = Trip::State::awaiting;
  if (connection.carried++ > 0) ++outcome_.connections[connection.target].reused;
  if (plan.has_nonce && !trip.resent) watch_nonce(trip, plan);
  trip.among_the_first = is_among_the_first(trip, plan);
  if (trip.nonce_watched || trip.among_the_first || (plan.examined && is_examined(plan, profile_, trip.number))) {
    if (!trip.extra) trip.extra = std::make_unique<Trip::Extra>();
    trip.extra->kept.emplace(profile_.body_kept);
  }
  if (connection.extra && connection.extra->http2) return start_http2(index, trip_index);
  connection.state = Connection::State::busy;
  connection.trip = trip_index;
  if (plan.protocol == Protocol::tcp) {
    extra_of(connection).bytes.start(plan.asked->until, plan.asked->bytes);
  } else {
    connection.reader.start(plan.is_head, profile_.body_limit);
  }
  if (plan.is_fixed) return send_request(index, trip_index, plan.fixed);
  rendered_.clear();
  const RequestFacts facts{trip.number, trip.step, trip.extra ? &trip.extra->variables : nullptr, trip.turn};
  rendering_.request(plan, plan_.targets()[connection.target].authority, facts, rendered_);
  send_request(index, trip_index, rendered_);
}

/// The moment of sending. A request that is sent again keeps its first one.
void Worker::stamp(Trip& trip, Tally& tally) {
  if (trip.resent) return;
  trip.sent = now();
  trip.away = away_;
  const Nanos error = trip.sent - trip.due;
  tally.arrival.add(static_cast<std::uint64_t>(std::max<Nanos>(0, error)));
  if (error <= late_after_) return;
  ++tally.late;
  if (trip.looked_late) ++tally.late_generator;
}

void Worker::send_request(Index index, Index trip_index, std::string_view bytes) {
  Connection& connection = connections_[index];
  Tally& tally = counts_of(trips_[trip_index]).tally;
  stamp(trips_[trip_index], tally);
  std::size_t put = 0;
  const Moved how = write(connection, bytes, put);
  tally.bytes_out += put;
  connection.bytes_out += put;
  if (put == bytes.size()) {
    ++tally.sent;
    trips_[trip_index].counted_sent = true;
  } else if (how == Moved::some || how == Moved::later) {
    auto& extra = extra_of(connection);
    extra.unsent = bytes.substr(put);
    extra.unsent_from = 0;
    if (how == Moved::some) flush(index);  // the socket may still take bytes, and then no event would come
  } else {
    broke(index, cause_of(how == Moved::end ? Moved::reset : how), true);
  }
}

Moved Worker::write(Connection& connection, std::string_view bytes, std::size_t& put) {
  if (connection.extra && connection.extra->tls) return connection.extra->tls.write(bytes.data(), bytes.size(), put);
  return moved(::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), put);
}

Moved Worker::read(Connection& connection, std::size_t& got) {
  if (connection.extra && connection.extra->tls) return connection.extra->tls.read(buffer_.data(), buffer_.size(), got);
  return moved(::recv(connection.fd, buffer_.data(), buffer_.size(), 0), got);
}

/// Writes what is left of a request.
void Worker::flush(Index index) {
  Connection& connection = connections_[index];
  auto& extra = *connection.extra;
  while (extra.unsent_from < extra.unsent.size()) {
    std::size_t put = 0;
    const Moved how = write(connection, std::string_view(extra.unsent).substr(extra.unsent_from), put);
    if (how == Moved::later) return;
    if (how != Moved::some) {  // a peer that stopped reading may have answered all the same: what it said is read first
      extra.unsent.clear();
      connection.peer_closing = true;
      return;
    }
    extra.unsent_from += put;
    connection.bytes_out += put;
    if (connection.trip != kNone) counts_of(trips_[connection.trip]).tally.bytes_out += put;
  }
  extra.unsent.clear();
  if (connection.trip == kNone) return;
  ++counts_of(trips_[connection.trip]).tally.sent;
  trips_[connection.trip].counted_sent = true;
}

void Worker::on_readable(Index index) {
  const Index generation = connections_[index].generation;
  const bool tls = connections_[index].extra && connections_[index].extra->tls;
  for (;;) {
    Connection& connection = connections_[index];
    std::size_t got = 0;
    const Moved how = read(connection, got);
    if (how == Moved::later) return;
    if (how != Moved::some) return on_end(index, how);
    take_bytes(index, {buffer_.data(), got}, now());
    if (connections_[index].generation != generation) return;
    if (!tls && got < buffer_.size() && !connection.peer_closing) return;  // more would come with an event of its own
  }
}

void Worker::take_bytes(Index index, std::string_view bytes, Nanos at) {
  Connection& connection = connections_[index];
  if (connection.extra && connection.extra->http2) {
    if (!connection.extra->http2->receive(bytes)) return close_http2(index, Cause::protocol, false);
    return relist_http2(index);
  }
  if (connection.trip == kNone) return close(index, false);  // nobody asked
  if (profile_.targets[connection.target].protocol == Protocol::tcp) return take_raw(index, bytes, at);
  take_http1(index, bytes, at);
}

void Worker::take_http1(Index index, std::string_view bytes, Nanos at) {
  Connection& connection = connections_[index];
  const Index trip_index = connection.trip;
  Trip& trip = trips_[trip_index];
  ResponseReader& reader = connection.reader;
  const std::size_t taken = reader.feed(bytes, trip.extra && trip.extra->kept ? &*trip.extra->kept : nullptr);
  trip.received += taken;
  if (reader.state() == ResponseReader::State::too_large) return broke(index, Cause::too_large, false);
  if (reader.wrong() || taken < bytes.size()) return broke(index, Cause::protocol, false);
  if (!reader.done()) return;
  const int status = reader.status();
  tell(connection, trip.received, at);
  release(index, reader.keep_alive());
  complete(trip_index, status, at);
}

void Worker::take_raw(Index index, std::string_view bytes, Nanos at) {
  Connection& connection = connections_[index];
  const Index trip_index = connection.trip;
  Trip& trip = trips_[trip_index];
  const auto part = bytes.substr(0, connection.extra->bytes.feed(bytes));
  trip.received += part.size();
  if (trip.extra && trip.extra->kept) trip.extra->kept->body(part);
  if (profile_.body_limit != 0 && trip.received > profile_.body_limit) return broke(index, Cause::too_large, false);
  if (part.size() < bytes.size()) return broke(index, Cause::protocol, false);
  if (!connection.extra->bytes.done()) return;
  tell(connection, trip.received, at);
  release(index, true);
  complete(trip_index, 0, at);
}

/// The connection has done its work for a journey: it is lent to the next one, or closed.
void Worker::release(Index index, bool keep) {
  Connection& connection = connections_[index];
  const std::size_t target = connection.target;
  const bool unsent = connection.extra && !connection.extra->unsent.empty();
  if (keep && profile_.reuse && !connection.peer_closing && !unsent) {
    give_idle(index);
  } else {
    close(index, connection.peer_closing);
  }
  if (targets_[target].waiting > 0) serve(target);
}

/// The peer closed the connection, in good order or not.
void Worker::on_end(Index index, Moved how) {
  Connection& connection = connections_[index];
  if (connection.extra && connection.extra->http2) return close_http2(index, cause_of(how), true);
  if (connection.trip == kNone) return close(index, true);
  const bool http1 = profile_.targets[connection.target].protocol == Protocol::http1;
  if (how != Moved::end || !http1 || !connection.reader.end()) return broke(index, cause_of(how), true);
  const Index trip_index = connection.trip;
  const int status = connection.reader.status();
  const Nanos at = now();
  connection.peer_closing = true;
  tell(connection, trips_[trip_index].received, at);
  release(index, false);
  complete(trip_index, status, at);
}

/// Before the response was whole. An idle connection may have been closed while the request was on its way: then it
/// is sent once more, if doing so twice does no harm.
void Worker::broke(Index index, Cause cause, bool by_peer) {
  const Connection& connection = connections_[index];
  const std::size_t target = connection.target;
  const Index trip_index = connection.trip;
  Trip& trip = trips_[trip_index];
  const bool stale = (cause == Cause::reset || cause == Cause::closed_early) && trip.received == 0 &&
                     connection.carried > 1 && plan_of(trip).may_resend && !trip.resent;
  close(index, by_peer);
  if (stale) {
    ++outcome_.connections[target].resent;
    requeue_first(trip_index);
  } else {
    fail(trip_index, cause, now());
  }
  serve(target);
}
}  // namespace mccoy::load
