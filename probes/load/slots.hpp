// What a thread remembers of each journey under way and of each connection. Kept small: there may be tens of thousands
// of both. Named by their index, which is used again after they are gone.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probes/load/bytes_reader.hpp"
#include "probes/load/examine.hpp"
#include "probes/load/http2.hpp"
#include "probes/load/response_reader.hpp"
#include "probes/load/tls.hpp"

namespace mccoy::load {
using Index = std::uint32_t;
using Nanos = std::int64_t;  ///< since the load began
inline constexpr Index kNone = UINT32_MAX;

/// A journey under way. What it has only sometimes lies apart.
struct Trip {
  enum class State : std::uint8_t {
    free,
    pausing,   ///< its next step is not due yet
    waiting,   ///< for a connection
    awaiting,  ///< its response
  };
  struct Extra {
    std::vector<std::string> variables;
    std::optional<KeptResponse> kept;
  };
  std::uint64_t number = 0;
  std::uint64_t turn = 0;      ///< how many journeys of the run were begun before: chooses rows that are taken in turn
  std::uint64_t received = 0;  ///< bytes of this response
  Nanos due = 0, sent = 0;     ///< of this step
  Nanos away = 0;              ///< how long the thread had been away when it was sent
  Index next = kNone;          ///< in a queue, or among the free
  Index connection = kNone;
  Index user = kNone;  ///< closed model
  std::uint16_t journey = 0, step = 0, stage = 0;
  State state = State::free;
  bool looked_late = false;  ///< the thread itself was late
  bool resent = false;
  std::uint8_t refused = 0;  ///< HTTP/2: how often the peer declined the stream
  bool nonce_watched = false;
  bool among_the_first = false;  ///< all checks are made of its response
  bool counted_sent = false;     ///< in Tally::sent
  std::unique_ptr<Extra> extra;
};

struct Connection {
  enum class State : std::uint8_t { free, connecting, shaking, idle, busy };
  struct Extra {
    std::string unsent;
    std::size_t unsent_from = 0;
    BytesReader bytes;
    TlsSession tls;
    std::unique_ptr<Http2> http2;
    bool listed = false;  ///< HTTP/2: among those that take requests
    bool dirty = false;   ///< HTTP/2: has something to write
  };
  int fd = -1;
  Index generation = 0;  ///< tells events of the connection from those of one before it
  Index trip = kNone;    ///< HTTP/2: none
  Index next = kNone;    ///< among the free
  Index carried = 0;     ///< requests so far
  std::uint16_t target = 0;
  State state = State::free;
  bool peer_closing = false;
  bool told = false;                          ///< the hook has seen it
  Nanos since = 0, away = 0;                  ///< connecting: its begin, and how long the thread had been away then
  std::uint64_t bytes_out = 0, bytes_in = 0;  ///< in: of whole responses
  ResponseReader reader;
  std::unique_ptr<Extra> extra;
};

/// Slots that are used again, the last one given back first. References live until the next take().
template <class Slot>
class Slots {
 public:
  /// No more than `most` are asked for at a time; memory is touched as they are.
  explicit Slots(std::size_t most) { all_.reserve(most); }
  Index take() {
    if (free_ == kNone) {
      all_.emplace_back();
      return static_cast<Index>(all_.size() - 1);
    }
    const Index taken = free_;
    free_ = std::exchange(all_[taken].next, kNone);
    return taken;
  }
  void give_back(Index index) {
    all_[index].next = free_;
    free_ = index;
  }
  Slot& operator[](Index index) { return all_[index]; }
  const Slot& operator[](Index index) const { return all_[index]; }
  Index size() const { return static_cast<Index>(all_.size()); }  ///< free ones included

 private:
  std::vector<Slot> all_;
  Index free_ = kNone;
};
}  // namespace mccoy::load
