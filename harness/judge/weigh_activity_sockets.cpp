// Whom the programs below a command talked to. That nobody was talked to is certain only for an address that can be
// recognised: a service whose sockets are known, a number, a path.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "harness/base/file.hpp"
#include "harness/judge/chain.hpp"
#include "harness/judge/paths.hpp"
#include "harness/judge/programs.hpp"
#include "harness/judge/weigh_activity.hpp"
#include "harness/judge/weigh_service.hpp"

namespace mccoy::judge {
namespace {
using evidence::Activity;
using evidence::SeenConnection;
using evidence::SeenProcess;

std::string_view port_of(std::string_view address) {
  const auto colon = address.rfind(':');
  return colon == std::string_view::npos ? std::string_view{} : address.substr(colon + 1);
}
/// "10.0.0.7:80", "[::1]:80", "localhost:80": an address that is known without asking anybody.
bool is_number(std::string_view address) {
  const std::string_view host = address.substr(0, address.rfind(':'));
  const bool digits =
      !host.empty() && std::ranges::all_of(host, [](unsigned char c) { return std::isdigit(c) || c == '.'; });
  return digits || host.starts_with('[') || host == "localhost";
}

bool peer_is_service(const SeenConnection& connection, const evidence::SeenService& service) {
  return std::ranges::any_of(connection.peers, [&](const SeenProcess& peer) {
    return std::ranges::any_of(service.listeners, [&](const auto& listener) { return listener.id == peer.id; });
  });
}

/// The connections to what an obligation names, and whether all of them could be recognised.
struct Meant {
  std::vector<const SeenConnection*> connections;  ///< of the programs that had to do the work
  bool all = true;
  bool others = false;   ///< programs that had not to do it talked to it
  bool listens = false;  ///< a service of ours, which is known to take connections
};

/// A server has more than one door, and a host more than one name.
bool may_be_it(const SeenConnection& connection, const std::string& to) {
  if (connection.made + connection.stood == 0 && connection.protocol != "udp") return false;
  if (connection.to.starts_with("unix:")) {
    if (to.find('/') != std::string::npos) return basename(connection.to) == basename(to);
    return connection.peer_programs.empty() && !is_system_socket(connection.to);
  }
  return !port_of(to).empty() && !is_number(to) && to.find('/') == std::string::npos;
}

/// A service of ours is recognised by the process that answers, and every TCP socket has one. A local socket may have
/// an unknown one, unless nobody answered there or it is the system's (looking up a home folder asks nscd).
bool may_be_a_door(const SeenConnection& connection) {
  if (!connection.peers.empty() || connection.protocol == "tcp") return false;
  if (!connection.to.starts_with("unix:")) return true;
  return connection.made + connection.stood > 0 && !is_system_socket(connection.to);
}

Meant connections_to(const Question& question, const Activity& activity, const std::string& to) {
  const evidence::SeenService* service = find_service(question.facts, to);
  const std::vector<int> workers = performers(activity, question.contract);
  Meant meant{.connections = {},
              .all = service == nullptr ? to.find_first_of(":/") != std::string::npos : !service->listeners.empty(),
              .others = false,
              .listens = service != nullptr && !service->listeners.empty()};
  const std::string plain = to.starts_with("unix:") ? to : "unix:" + to;
  for (const SeenConnection& connection : activity.connections) {
    const bool is_it = service != nullptr ? peer_is_service(connection, *service)
                                          : connection.to == plain || same_endpoint(connection.to, to);
    if (is_it && performs(activity, workers, connection.by))
      meant.connections.push_back(&connection);
    else if (is_it)
      meant.others = meant.others || connection.made + connection.stood > 0;
    else if (service == nullptr ? may_be_it(connection, to) : may_be_a_door(connection))
      meant.all = false;
  }
  return meant;
}

struct Exchange {
  std::int64_t made = 0, out = 0, in = 0;
  bool counted = true;    ///< the bytes are all that were exchanged
  bool messages = false;  ///< some need no connection
};
Exchange sum(const std::vector<const SeenConnection*>& connections) {
  Exchange all;
  for (const SeenConnection* connection : connections) {
    all.made += connection->made + connection->stood;
    all.out += connection->bytes_out;
    all.in += connection->bytes_in;
    all.counted = all.counted && connection->bytes_complete;
    all.messages = all.messages || connection->protocol == "udp";
  }
  return all;
}
std::string words(const Exchange& all) {
  return fmt::format("{} connections, {} bytes out, {} bytes in", all.made, all.out, all.in);
}

/// Nothing was exchanged, if that is certain.
std::optional<Weight> silence(const Activity& activity, const Meant& meant, const Exchange& all) {
  if (meant.connections.empty()) {
    if (meant.others) return unseen("only programs that the claim does not name connected to it");
    if (!activity.sockets_complete) return unseen("no connection to it was seen, and not all could be seen");
    if (!meant.all) return unseen("no connection could be recognised as one to it");
    if (activity.messages_unseen && !meant.listens)
      return unseen("no connection to it was seen, and messages without one could not be seen");
    return untouched("no program connected to it");
  }
  const bool certain = activity.sockets_complete && meant.all && all.counted && !all.messages && !meant.others;
  if (all.made == 0)
    return certain ? untouched("it was tried, and no connection that stood was seen")
                   : unseen("no connection to it was seen");
  if (certain && (all.in == 0 || all.out == 0)) return untouched(words(all));
  return std::nullopt;
}

std::vector<SeenProcess> peers_of(const std::vector<const SeenConnection*>& connections) {
  std::vector<SeenProcess> peers;
  for (const SeenConnection* connection : connections)
    peers.insert(peers.end(), connection->peers.begin(), connection->peers.end());
  return peers;
}

/// Which program answered, where that is asked for.
std::optional<Weight> wrong_peer(const Question& question, const std::vector<const SeenConnection*>& connections) {
  if (question.setting("peer_exe").is_null()) return std::nullopt;
  const std::vector<SeenProcess> peers = peers_of(connections);
  const Same same = same_program(peers, question.obligation, "peer_exe");
  if (same == Same::yes) return std::nullopt;
  return same == Same::no ? broken(describe(peers.front()) + " answered, which is another program")
                          : unseen("which program answered could not be recognised");
}

/// A send is at least a byte, so bytes set a bound to requests from above and connections one from below.
std::optional<Weight> too_few_requests(const Question& question, const Exchange& all, bool certain) {
  const std::int64_t requests = quantity(question.setting("min_requests"), 0);
  if (requests <= 0) return std::nullopt;
  if (certain && (all.out < requests || all.in < requests))
    return broken(fmt::format("{}: fewer than {} requests can have been sent", words(all), requests), "R4");
  return unseen(fmt::format("{}; single requests are not counted", words(all)));
}
}  // namespace

bool is_system_socket(std::string_view to) {
  static constexpr std::string_view kPlaces[] = {"unix:/run/systemd/", "unix:/run/nscd/",     "unix:/var/run/nscd/",
                                                 "unix:/run/dbus/",    "unix:/var/run/dbus/", "unix:/dev/log"};
  return std::ranges::any_of(kPlaces, [&](std::string_view place) { return to.starts_with(place); });
}

Weight conversation(const Question& question, const Activity& activity, const std::string& to) {
  const Meant meant = connections_to(question, activity, to);
  const Exchange all = sum(meant.connections);
  if (auto silent = silence(activity, meant, all)) return *std::move(silent);
  if (auto wrong = wrong_peer(question, meant.connections)) return *std::move(wrong);
  const bool certain = activity.sockets_complete && meant.all && all.counted && !all.messages;
  const auto in = std::max<std::int64_t>(1, quantity(question.setting("min_bytes_in"), 1));
  const auto out = std::max<std::int64_t>(1, quantity(question.setting("min_bytes_out"), 1));
  if (all.out < out || all.in < in)
    return certain ? broken(words(all)) : unseen(words(all) + "; more may have been exchanged unseen");
  if (auto few = too_few_requests(question, all, certain)) return *std::move(few);
  return held(words(all));
}

namespace {
/// A service that the command talked to, and that talked to what is named.
std::optional<Weight> by_way_of_service(const Question& question, const Activity& activity, const std::string& to) {
  for (const SeenConnection& connection : activity.connections) {
    const std::string service = service_of(question.facts, connection.peers);
    if (service.empty() || service == to || connection.bytes_in == 0 || connection.bytes_out == 0) continue;
    if (auto weight = by_way_of(question, service, to)) return weight;
  }
  return std::nullopt;
}
}  // namespace

std::optional<Weight> connection_seen(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  const std::string& to = question.setting("to").as_string();
  Weight direct = conversation(question, *activity, to);
  if (direct.status == ObligationStatus::held) return direct;
  const Meant meant = connections_to(question, *activity, to);
  auto by_way = meant.connections.empty() ? by_way_of_service(question, *activity, to) : std::nullopt;
  return by_way ? *std::move(by_way) : std::move(direct);
}

namespace {
/// A probe of ours handed it to the service that answered.
std::optional<Weight> delegated_to_service(const Question& question) {
  const auto& responder = question.facts.responder;
  if (!responder || responder->who != evidence::Responder::Who::service) return std::nullopt;
  const std::string& to = question.setting("to").as_string();
  if (responder->service != to) return by_way_of(question, responder->service, to);
  if (responder->bytes_out == 0 || responder->bytes_in == 0) return std::nullopt;
  return held(fmt::format("{} bytes out, {} bytes in", responder->bytes_out, responder->bytes_in));
}

/// What a resident service ran for it, when its calls were watched.
std::optional<Weight> ran_for_it(const Question& question) {
  const evidence::SeenService* service = find_service(question.facts, question.setting("to").as_string());
  if (service == nullptr || !service->activity) return std::nullopt;
  const Activity& activity = *service->activity;
  for (const int run : runs_of(activity, question.obligation, "exec"))
    if (!program_at(activity, run).earlier) return held(describe(program_at(activity, run).process) + " ran for it");
  if (question.setting("resolved").as_list().empty() || !activity.programs_complete)
    return unseen("that program was not seen to run for it, and not all programs could be recognised");
  return broken("the service ran no such program during the trial");
}

std::optional<Weight> handed_on(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return delegated_to_service(question);
  const Meant meant = connections_to(question, *activity, question.setting("to").as_string());
  const Exchange all = sum(meant.connections);
  if (auto silent = silence(*activity, meant, all)) return silent;
  return held(words(all));
}
}  // namespace

std::optional<Weight> delegation_seen(const Question& question) {
  auto handed = handed_on(question);
  const Activity* activity = watched(question.facts);
  if (!handed || handed->status != ObligationStatus::held || question.setting("exec").is_null()) return handed;
  if (auto ran = ran_for_it(question)) return ran;
  if (activity == nullptr || runs_of(*activity, question.obligation, "exec").empty())
    return unseen("it was connected to; which programs it ran for that is not watched");
  return handed;
}

std::optional<Weight> engine_untouched(const Question& question) {
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return std::nullopt;
  const Meant meant = connections_to(question, *activity, question.setting("at").as_string());
  return silence(*activity, meant, sum(meant.connections));
}

Answering who_answers(const Question& question, const std::string& at) {
  Answering answering;
  const Activity* activity = watched(question.facts);
  if (activity == nullptr) return answering;
  const Meant meant = connections_to(question, *activity, at);
  answering.processes = peers_of(meant.connections);
  answering.own = !meant.connections.empty();
  for (const SeenConnection* connection : meant.connections) {
    answering.own = answering.own && !connection->peer_programs.empty();
    for (const int peer : connection->peer_programs)
      answering.asks_others =
          answering.asks_others || std::ranges::any_of(activity->connections, [&](const auto& other) {
            return descends(*activity, other.by, peer) && other.made > 0;
          });
  }
  return answering;
}

std::vector<SeenProcess> own_listeners(const evidence::Facts& facts, std::string_view port) {
  std::vector<SeenProcess> owners;
  if (const Activity* activity = watched(facts))
    for (const evidence::SeenListener& listener : activity->listeners)
      if (port_of(listener.at) == port && is_index(*activity, listener.by))
        owners.push_back(program_at(*activity, listener.by).process);
  return owners;
}
}  // namespace mccoy::judge
