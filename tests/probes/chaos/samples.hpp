// Every kind of fault, with settings that make it do something: what mccoy is killed in the midst of.
#pragma once
#include <ostream>

#include "tests/probes/chaos/arena.hpp"

namespace mccoy::chaos::testing {
/// What the fault is done to.
enum class Place {
  own,              ///< a service of the suite
  unprivileged,     ///< the same, not as root
  via,              ///< the same, behind mccoy's proxy
  network,          ///< the same, in a named network namespace, which outlives it
  attached,         ///< one that the suite only attached to: it lives on when mccoy is gone
  attached_mounts,  ///< the same, with mounts of its own
};

struct Sample {
  const char* fault;
  const char* settings;  ///< JSON
  Place place = Place::own;
};
inline std::ostream& operator<<(std::ostream& out, const Sample& sample) {
  constexpr const char* kPlaces[] = {"", " (no root)", "", "", " (attached)", " (attached)"};
  return out << sample.fault << ' ' << sample.settings << kPlaces[static_cast<int>(sample.place)];
}

inline constexpr Sample kSamples[] = {
    {"kill", "{}"},
    {"kill", R"({"restart_after": "5ms"})"},
    {"terminate", "{}"},
    {"restart", R"({"after": "5ms"})"},
    {"crash_loop", R"({"times": 3, "every": "2ms"})"},
    {"pause", "{}"},
    {"pause", "{}", Place::attached},
    {"pause", R"({"for": "15ms"})", Place::attached},
    {"cpu", R"({"quota": "0.2"})"},
    {"cpu", R"({"quota": "0.2"})", Place::attached},
    {"memory", R"({"limit": "64MiB"})"},
    {"memory", R"({"limit": "64MiB"})", Place::attached},
    {"pids", R"({"limit": 30})"},
    {"pids", R"({"limit": 30})", Place::attached},
    {"io", R"({"write": "1MiB"})"},
    {"limit", R"({"resource": "open_files", "to": 40})"},
    {"limit", R"({"resource": "open_files", "to": 40})", Place::attached},
    {"hog", R"({"what": "cpu"})"},
    {"hog", R"({"what": "memory", "size": "8MiB"})"},
    {"hog", R"({"what": "disk", "size": "1MiB"})"},
    {"fail_calls", R"({"error": "ENOSPC"})"},
    {"slow_calls", R"({"delay": "20ms"})"},
    {"disk_full", R"({"disk": "1MiB"})"},
    {"read_only", "{}"},
    {"config", R"({"path": "config", "how": "empty"})"},
    {"config", R"({"path": "config", "how": "garbage"})"},
    {"config", R"({"path": "config", "how": "corrupted"})"},
    {"config", R"({"path": "config", "how": "missing"})"},
    {"config", R"({"path": "config", "how": "replaced", "with": "other"})"},
    {"config", R"({"path": "config", "how": "replaced", "with": "other"})", Place::attached},
    {"config", R"({"path": "config", "how": "unreadable"})", Place::unprivileged},
    {"clock", R"({"by": "+2h"})"},
    {"names", R"({"name": "shop.test", "to": "127.0.0.9"})"},
    {"names", R"({"name": "shop.test", "to": "127.0.0.9"})", Place::attached_mounts},
    {"partition", R"({"from": "other"})", Place::network},
    {"packet_loss", R"({"share": 0.5})", Place::network},
    {"packet_delay", R"({"by": "10ms"})", Place::network},
    {"latency", R"({"delay": "10ms"})", Place::via},
    {"bandwidth", R"({"rate": "64KiB"})", Place::via},
    {"refuse", "{}", Place::via},
    {"reset", "{}", Place::via},
    {"black_hole", "{}", Place::via},
    {"stall", "{}", Place::via},
    {"slow_close", R"({"delay": "10ms"})", Place::via},
    {"slice", R"({"size": "10"})", Place::via},
    {"limit_data", R"({"bytes": "4KiB"})", Place::via},
    {"corrupt", R"({"chance": 0.1})", Place::via},
    {"http_status", "{}", Place::via},
    {"http_truncate", "{}", Place::via},
    {"http_type", R"({"text": "text/html"})", Place::via},
    {"http_delay", R"({"delay": "10ms"})", Place::via},
};

inline bool is_attached(Place place) {
  return place == Place::attached || place == Place::attached_mounts;
}

/// The services of a stage; the fault is done to "db".
///   network  name of the namespace (Place::network)
///   port     where the attached service listens
inline std::vector<suite::Service> services_for(Place place, const std::string& network, int port) {
  auto db = doer("db");
  if (place == Place::unprivileged) db.user = "unprivileged";
  db.has_via = place == Place::via;
  if (is_attached(place)) {
    db.run = {};
    db.attach = target::testing::located("127.0.0.1:" + std::to_string(port));
  }
  if (place != Place::network) return {db};
  db.run = target::testing::argv({"/usr/sbin/ip", "netns", "exec", network, kDoer, "--port", "${port}"});
  db.ready = target::testing::ready_by(suite::Ready::How::log, "listening");
  return {db, doer("other")};
}
}  // namespace mccoy::chaos::testing
