// HTTP/2: many requests on a connection; bytes are written once per turn of the loop.
#include <algorithm>

#include "probes/load/http_fields.hpp"
#include "probes/load/worker.hpp"

namespace mccoy::load {
namespace {
constexpr std::uint32_t kRefusedStream = 7, kProtocolError = 1;
constexpr int kRefusalsMax = 16;  ///< of one request: each is a promise that it was not looked at

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& byte : out)
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
  return out;
}

/// Fields of HTTP/1.1 that speak of its connection.
bool of_connection(std::string_view name) {
  return name == "connection" || name == "keep-alive" || name == "transfer-encoding" || name == "upgrade" ||
         name == "proxy-connection" || name == "host";
}
}  // namespace

/// With a number of connections asked for they are used in turn, else the fewest that will do.
Index Worker::take_idle_http2(std::size_t target) {
  auto& list = targets_[target].idle;
  if (profile_.connections > 0 && targets_[target].connecting < connections_max_ && open_ < connections_max_)
    return kNone;
  while (!list.empty()) {
    const auto [index, generation] = profile_.connections > 0 ? list.front() : list.back();
    Connection& connection = connections_[index];
    const bool lives = connection.generation == generation && connection.extra && connection.extra->http2;
    if (profile_.connections > 0) std::rotate(list.begin(), list.begin() + 1, list.end());
    if (lives && connection.extra->http2->takes_more()) return index;
    if (lives) connection.extra->listed = false;
    list.pop_back();
  }
  return kNone;
}

void Worker::relist_http2(Index index) {
  Connection& connection = connections_[index];
  auto& extra = *connection.extra;
  mark_dirty(index);
  if (!extra.listed && extra.http2->takes_more()) {
    extra.listed = true;
    targets_[connection.target].idle.push_back({index, connection.generation});
  }
  if (targets_[connection.target].waiting > 0) serve(connection.target);
}

Http2::Fields Worker::fields_of(const RequestPlan& plan, const RequestFacts& facts) {
  const Request& asked = *plan.asked;
  const TargetPlan& target = plan_.targets()[asked.target];
  Http2::Fields fields = {{":method", asked.method},
                          {":scheme", target.asked->tls ? "https" : "http"},
                          {":authority", target.authority},
                          {":path", ""}};
  rendering_.text(asked.path, facts, 0, fields.back().second);
  std::uint64_t place = 2;
  for (const auto& header : asked.headers) {
    std::string value, name = lower(header.name);
    rendering_.text(header.value, facts, place++, value);
    if (name == "host") fields[2].second = value;
    if (!of_connection(name)) fields.emplace_back(std::move(name), std::move(value));
  }
  return fields;
}

void Worker::start_http2(Index index, Index trip_index) {
  Trip& trip = trips_[trip_index];
  const RequestPlan& plan = plan_of(trip);
  const RequestFacts facts{trip.number, trip.step, trip.extra ? &trip.extra->variables : nullptr, trip.turn};
  rendered_.clear();
  rendering_.text(plan.asked->body, facts, 1, rendered_);
  Tally& tally = counts_of(trip).tally;
  stamp(trip, tally);
  if (!connections_[index].extra->http2->send(fields_of(plan, facts), rendered_, trip_index))
    return fail(trip_index, Cause::protocol, now());
  ++tally.sent;
  trip.counted_sent = true;
  mark_dirty(index);
}

void Worker::mark_dirty(Index index) {
  if (!std::exchange(connections_[index].extra->dirty, true)) dirty_.push_back(index);
}

void Worker::flush_http2() {
  for (std::size_t i = 0; i < dirty_.size(); ++i) {  // closing one may make another one dirty
    Connection& connection = connections_[dirty_[i]];
    if (!connection.extra || !connection.extra->http2 || !connection.extra->dirty) continue;
    connection.extra->dirty = false;
    write_http2(dirty_[i]);
  }
  dirty_.clear();
}

/// What the session wants to say, put together into few writes.
void Worker::write_http2(Index index) {
  constexpr std::size_t kAtOnce = 64 * 1024;
  Connection& connection = connections_[index];
  auto& extra = *connection.extra;
  while (extra.unsent.empty()) {
    for (std::string_view more = extra.http2->to_write(); !more.empty(); more = extra.http2->to_write()) {
      extra.unsent.append(more);
      if (extra.unsent.size() >= kAtOnce) break;
    }
    if (extra.unsent.empty()) break;
    extra.unsent_from = 0;
    flush(index);
    if (connection.peer_closing) break;
  }
  const bool unwanted = !profile_.reuse && connection.carried > 0 && extra.http2->open() == 0;
  if (extra.unsent.empty() && (extra.http2->finished() || unwanted)) close_http2(index, Cause::closed_early, false);
}

void Worker::close_http2(Index index, Cause cause, bool by_peer) {
  const std::size_t target = connections_[index].target;
  while (!connections_[index].extra->http2->to_write().empty()) {
  }  // requests that a GOAWAY overtook are given back
  close(index, by_peer);
  for (Index i = 0; i < trips_.size(); ++i)
    if (trips_[i].state == Trip::State::awaiting && trips_[i].connection == index) fail(i, cause, now());
  serve(target);
}

void Worker::h2_field(std::uint32_t tag, std::string_view name, std::string_view value) {
  Trip& trip = trips_[tag];
  trip.received += name.size() + value.size();
  if (!trip.extra || !trip.extra->kept) return;
  auto& kept = *trip.extra->kept;
  if (kept.heads.size() > ResponseReader::kHeadMax) return;
  kept.heads.append(name == ":status" ? "HTTP/2 " : name).append(name == ":status" ? "" : ": ");
  kept.heads.append(value).append("\r\n");
}

void Worker::h2_body(std::uint32_t tag, std::string_view part) {
  Trip& trip = trips_[tag];
  trip.received += part.size();
  if (trip.extra && trip.extra->kept) trip.extra->kept->body(part);
  if (profile_.body_limit == 0 || trip.received <= profile_.body_limit) return;
  Http2& http2 = *connections_[trip.connection].extra->http2;
  mark_dirty(trip.connection);
  http2.cancel(tag);
  fail(tag, Cause::too_large, now());
}

void Worker::h2_closed(std::uint32_t tag, int status, std::uint32_t error) {
  Trip& trip = trips_[tag];
  Connection& connection = connections_[trip.connection];
  if (error == 0) {
    const Nanos at = now();
    tell(connection, trip.received, at);
    return complete(tag, status, at);
  }
  if (error == kRefusedStream && trip.refused++ < kRefusalsMax) {  // the peer promises not to have looked at it
    ++outcome_.connections[connection.target].resent;
    return requeue_first(tag);
  }
  fail(tag, error == kProtocolError ? Cause::protocol : Cause::reset, now());
}
}  // namespace mccoy::load
