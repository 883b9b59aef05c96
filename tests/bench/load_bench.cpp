// A thin main over the engine of load, for tests/bench/load.py: one line of JSON.
//   load_bench URL --seconds S (--connections N | --rate R) [--threads N] [--grid-us N | --fine] [--http2] [--insecure]
//              [--max-in-flight N] [--streams N]
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "harness/base/value.hpp"
#include "probes/load/engine.hpp"

namespace {
using namespace mccoy;
using namespace mccoy::load;

Target target_of(std::string_view url) {
  Target target;
  target.name = std::string(url);
  if (url.starts_with("unix:")) {
    target.unix_path = std::string(url.substr(5));
    return target;
  }
  if (url.starts_with("https://")) target.tls = Tls{};
  url.remove_prefix(url.find("//") + 2);
  const auto host = url.substr(0, url.find('/'));
  const auto colon = host.rfind(':');
  target.host = std::string(host.substr(0, colon));
  target.port = colon == std::string_view::npos ? (target.tls ? 443 : 80) : std::atoi(host.data() + colon + 1);
  return target;
}

std::string path_of(std::string_view url) {
  if (url.starts_with("unix:")) return "/";
  const auto slash = url.find('/', url.find("//") + 2);
  return slash == std::string_view::npos ? "/" : std::string(url.substr(slash));
}

Profile parse(int argc, char** argv) {
  Profile profile;
  double seconds = 5, level = 50, streams = 0;
  profile.model = Model::closed;
  profile.targets.push_back(target_of(argv[1]));
  for (int i = 2; i < argc; ++i) {
    const std::string_view name = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::atof(argv[++i]) : 0; };
    if (name == "--seconds") seconds = number();
    if (name == "--connections") level = number();
    if (name == "--streams") streams = number();
    if (name == "--rate") profile.model = Model::open, level = number();
    if (name == "--threads") profile.threads = static_cast<int>(number());
    if (name == "--max-in-flight") profile.max_in_flight = static_cast<std::size_t>(number());
    if (name == "--grid-us") profile.grid = std::chrono::microseconds(static_cast<int>(number()));
    if (name == "--fine") profile.grid = Duration(1);
    if (name == "--http2") profile.targets[0].protocol = Protocol::http2;
    if (name == "--insecure" && profile.targets[0].tls) profile.targets[0].tls->verify = false;
  }
  if (streams > 0) profile.connections = static_cast<std::size_t>(level), level *= streams;
  profile.stages.push_back({"load", level, level, Duration(static_cast<std::int64_t>(seconds * 1e9))});
  Request request;
  request.name = "get";
  request.path = {{.text = path_of(argv[1])}};
  profile.journeys.push_back({.name = "get", .weight = 1, .steps = {std::move(request)}, .variables = 0});
  profile.drain = std::chrono::seconds(2);
  return profile;
}

Value percentiles(const Histogram& histogram) {
  Value result = Value::map();
  for (const auto& [name, q] : {std::pair("p50", 0.5), {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}})
    result.set(name, static_cast<double>(histogram.percentile(q)) * 1e-3);
  return result.set("max", static_cast<double>(histogram.max()) * 1e-3);
}

Value result_of(const Report& report) {
  const Tally all = report.all();
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& span) {
    return static_cast<double>(span.tv_sec) + static_cast<double>(span.tv_usec) * 1e-6;
  };
  Value failed = Value::map();
  for (std::size_t i = 0; i < kCauses; ++i)
    if (all.failed[i] > 0) failed.set(to_text(static_cast<Cause>(i)), all.failed[i]);
  return Value::map({{"due", all.due},
                     {"sent", all.sent},
                     {"ok", all.ok},
                     {"dropped", all.dropped},
                     {"abandoned", all.abandoned},
                     {"failed", failed},
                     {"late", all.late},
                     {"late_generator", all.late_generator},
                     {"elapsed_s", static_cast<double>(report.load_elapsed.count()) * 1e-9},
                     {"opened", report.connections[0].opened},
                     {"reused", report.connections[0].reused},
                     {"resent", report.connections[0].resent},
                     {"closed_by_peer", report.connections[0].closed_by_peer},
                     {"threads", report.generator.threads.size()},
                     {"wakeups", report.generator.threads[0].wakeups},
                     {"grid_us", static_cast<double>(report.generator.grid.count()) * 1e-3},
                     {"cpu_s", seconds(used.ru_utime) + seconds(used.ru_stime)},
                     {"rss_kib", used.ru_maxrss},
                     {"response_us", percentiles(all.response)},
                     {"service_us", percentiles(all.service)},
                     {"arrival_us", percentiles(all.arrival)},
                     {"lag_us", percentiles(report.generator.lag)}});
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  const Profile profile = parse(argc, argv);
  const auto report = run(profile, {});
  if (!report.ok()) {
    std::fputs(render(report.error()).c_str(), stderr);
    return 1;
  }
  std::puts(to_json(result_of(*report)).c_str());
  return 0;
}
