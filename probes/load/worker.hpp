// One thread of load: its own epoll, its own slice of the arrivals or users, its own connections. Shares nothing but
// Control, to which it hands in its counts once a second.
//   worker.cpp              the loop, and what is due by the clock
//   worker_journeys.cpp     journeys: begun, stepped, ended; what is counted
//   worker_connections.cpp  connections: opened, lent, closed
//   worker_bytes.cpp        bytes out and in, HTTP/1.1 and raw
//   worker_http2.cpp        HTTP/2
#pragma once
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "probes/load/control.hpp"
#include "probes/load/counts.hpp"
#include "probes/load/rendering.hpp"
#include "probes/load/slots.hpp"

struct epoll_event;

namespace mccoy::load {
class Worker final : private Http2Owner {
 public:
  /// errors  no epoll or eventfd to be had
  static Result<std::unique_ptr<Worker>> make(Control& control, std::size_t number);
  ~Worker() override;
  void run();                                          ///< in its own thread, once
  void wake();                                         ///< from any thread: look at Control::stop
  const Outcome& outcome() const { return outcome_; }  ///< after run()

 private:
  struct IdleConnection {
    Index connection, generation;
  };
  /// What this thread knows of a target.
  struct TargetState {
    std::vector<IdleConnection> idle;  ///< taken from the back; some may be gone meanwhile
    Index head = kNone, tail = kNone;  ///< trips waiting for a connection
    std::size_t waiting = 0, connecting = 0, open = 0;
    std::size_t address = 0, addresses_failed = 0;
    bool reached = false;
    bool serving = false;
    Nanos stalled = 0;  ///< since when a unix socket takes no connection; 0: it does
    std::size_t peers_kept = 0;
  };
  struct Timer {
    Nanos when;
    Index trip, user;  ///< one of them
    friend bool operator>(const Timer& a, const Timer& b) { return a.when > b.when; }
  };
  struct User {
    std::uint64_t turns = 0;
    bool active = false;
  };

  Worker(Control& control, std::size_t number, UniqueFd epoll, UniqueFd waker);

  // The loop.
  Nanos now() const;
  void loop();
  bool finished(Nanos at);
  void stop_beginning(Nanos at);
  Nanos next_moment() const;
  int wait_until(Nanos moment, Nanos at, epoll_event* events);
  void learn_lead(Nanos late);
  int poll_again(epoll_event* events);
  void note_wait(Nanos moment, Nanos asleep, Nanos woke, int events);
  bool is_over_time(Nanos since, Nanos away, Nanos limit) const;
  void start_due(Nanos at);
  void start_arrivals(Nanos at);
  void start_users(Nanos at);
  void start_timers(Nanos at);
  void next_arrival();
  void hand_in(Nanos at);
  void sweep();
  void retry_stalled(std::size_t target, Nanos at);
  void leave(Nanos at);

  // Journeys.
  std::size_t users_wanted(Nanos at) const;
  void start_user(Index user, Nanos at);
  void drop(const Arrival& arrival, Nanos at);  ///< too many are in flight
  void lose(const Arrival& arrival);            ///< the run is over
  Tally& tally_of(const Arrival& arrival);
  void start_journey(const Arrival& arrival, std::uint64_t turn, Index user, Nanos at);
  void begin_step(Index trip, Nanos due, Nanos at);
  void complete(Index trip, int status, Nanos at);
  void note_came(std::uint32_t request, std::uint64_t bytes, Nanos at);
  bool is_among_the_first(const Trip& trip, const RequestPlan& plan);
  Checked checked(const Trip& trip, const RequestPlan& plan, Counts& counts, int status);
  Checked captures(Trip& trip, const RequestPlan& plan);
  void watch_nonce(Trip& trip, const RequestPlan& plan);
  void look_for_nonce(const Trip& trip, const RequestPlan& plan);
  void fail(Index trip, Cause cause, Nanos at);
  void give_up(Index trip);  ///< its response takes too long
  void end_journey(Index trip, bool well, Nanos at);
  void abandon(Trip& trip);
  const RequestPlan& plan_of(const Trip& trip) const;
  Counts& counts_of(const Trip& trip) { return counts_.at(trip.stage, plan_of(trip).index); }

  // Connections.
  void enqueue(Index trip);
  void requeue_first(Index trip);
  Index dequeue(TargetState& target);
  void serve(std::size_t target);
  bool wants_fresh(const TargetState& state, std::size_t target) const;
  Index take_fresh(std::size_t target);
  Index take_idle(std::size_t target);
  Index take_idle_http2(std::size_t target);
  void give_idle(Index connection);
  bool may_open(std::size_t target);
  bool make_room(std::size_t target);
  bool open(std::size_t target);
  void opening_failed(std::size_t target, Cause cause);
  void connection_failed(Index connection, Cause cause);
  void connected(Index connection);
  void shake_hands(Index connection);
  void established(Index connection);
  void keep_peer(Index connection);
  void tell(Connection& connection, std::uint64_t received, Nanos at);
  bool is_ending() const;
  void tell_last(Connection& connection);
  void sample_retransmits(int fd);
  void close(Index connection, bool by_peer);
  static Connection::Extra& extra_of(Connection& connection);

  // Bytes.
  void on_event(Index connection, std::uint32_t events);
  void start_on(Index connection, Index trip);
  void stamp(Trip& trip, Tally& tally);
  void send_request(Index connection, Index trip, std::string_view bytes);
  Moved write(Connection& connection, std::string_view bytes, std::size_t& put);
  Moved read(Connection& connection, std::size_t& got);
  void flush(Index connection);
  void on_readable(Index connection);
  void take_bytes(Index connection, std::string_view bytes, Nanos at);
  void take_http1(Index connection, std::string_view bytes, Nanos at);
  void take_raw(Index connection, std::string_view bytes, Nanos at);
  void release(Index connection, bool keep);
  void on_end(Index connection, Moved how);
  void broke(Index connection, Cause cause, bool by_peer);

  // HTTP/2.
  void start_http2(Index connection, Index trip);
  Http2::Fields fields_of(const RequestPlan& plan, const RequestFacts& facts);
  void mark_dirty(Index connection);
  void flush_http2();
  void write_http2(Index connection);
  void relist_http2(Index connection);
  void close_http2(Index connection, Cause cause, bool by_peer);
  void h2_field(std::uint32_t tag, std::string_view name, std::string_view value) override;
  void h2_body(std::uint32_t tag, std::string_view part) override;
  void h2_closed(std::uint32_t tag, int status, std::uint32_t error) override;

  Control& control_;
  const Plan& plan_;
  const Profile& profile_;
  const std::size_t number_;  ///< of this thread
  UniqueFd epoll_, waker_;
  Slots<Trip> trips_;
  Slots<Connection> connections_;
  std::vector<TargetState> targets_;
  CountsTable counts_;
  Rendering rendering_;
  Outcome outcome_;

  std::optional<Arrivals> arrivals_;
  std::optional<Arrival> next_;  ///< open: the next one of this thread
  std::vector<User> users_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::size_t under_way_ = 0, under_way_max_ = 0, connections_max_ = 0, files_max_ = 0, open_ = 0, open_max_ = 0;
  Nanos span_ = 0, drain_until_ = 0, late_after_ = 0;
  Nanos next_second_ = 0, next_sweep_ = 0, sweep_every_ = 0, next_ramp_ = 0;
  Nanos woke_ = 0;                         ///< when the last wait ended
  Nanos polled_ = 0;                       ///< all that had come by then was read
  Nanos away_ = 0;                         ///< how long in all waits lasted longer than they should have
  Nanos aftermath_ = 0;                    ///< until then it sends what it could not while it was away
  int full_polls_ = 0;                     ///< in a row, which may have left something unread
  std::vector<std::uint8_t> looked_into_;  ///< by stage and request: how many of the first responses
  Nanos lead_ = 0;                         ///< how much earlier than due a sleep has to end
  bool over_ = false;                      ///< nothing new is begun
  std::uint64_t nonces_seen_ = 0, nonce_stride_ = 1;
  std::uint64_t closings_ = 0;
  std::vector<Index> dirty_;
  std::string rendered_;
  std::vector<char> buffer_;
};
}  // namespace mccoy::load
