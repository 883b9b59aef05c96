#include "harness/run/service_windows.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "harness/judge/chain.hpp"
#include "harness/judge/follow.hpp"
#include "harness/judge/paths.hpp"
#include "harness/witness/held_files.hpp"
#include "harness/witness/place_watch.hpp"

namespace mccoy::run {
namespace {
using evidence::SeenService;

std::vector<std::string> texts_of(const Value& value) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.push_back(value.as_string());
  for (const Value& item : value.as_list()) texts.push_back(item.as_string());
  return texts;
}

void append(std::vector<std::string>& all, std::vector<std::string> more) {
  std::ranges::move(more, std::back_inserter(all));
}

std::vector<std::string> with_needs(const suite::Suite& suite, std::vector<std::string> names) {
  for (std::size_t at = 0; at < names.size(); ++at)
    if (const suite::Service* service = suite.find_service(names[at]))
      for (const std::string& needed : service->needs)
        if (std::ranges::find(names, needed) == names.end()) names.push_back(needed);
  return names;
}

SeenService* entry_of(evidence::Facts& facts, const std::string& name) {
  const auto known = std::ranges::find(facts.services, name, &SeenService::name);
  return known == facts.services.end() ? nullptr : &*known;
}

/// Those that were not looked at yet.
void complete(evidence::Facts& facts, std::vector<SeenService> all) {
  for (SeenService& service : all)
    if (entry_of(facts, service.name) == nullptr) facts.services.push_back(std::move(service));
}

/// It accuses nobody that a service was not watched, so what is missing does not make the coverage incomplete.
evidence::Coverage coverage_of(const SeenService& seen) {
  evidence::Coverage coverage{.observer = "service " + seen.name, .watched = {}, .blind = {}, .complete = true};
  if (!seen.activity) {
    coverage.blind.push_back(seen.unwatched);
    return coverage;
  }
  const auto say = [&](bool complete, const char* what) {
    (complete ? coverage.watched : coverage.blind).emplace_back(what);
  };
  say(seen.activity->sockets_complete, "connections during the trial");
  if (seen.activity->messages_unseen) coverage.blind.emplace_back("datagrams sent by sendmsg and sendmmsg");
  if (seen.files_watched) say(seen.activity->reads_complete, "files opened for reading during the trial");
  if (seen.files_watched) say(seen.activity->writes_complete, "files opened for writing during the trial");
  return coverage;
}

/// What the record shows of who talked to whom, for those that ask no further.
void note_connections(evidence::Facts& facts) {
  const evidence::Facts direct = judge::followed(facts);
  for (SeenService& service : facts.services)
    for (const judge::Hop& hop : judge::behind(direct, service.name))
      if (hop.from == service.name && !hop.to.empty() &&
          std::ranges::find(service.connected_to, hop.to) == service.connected_to.end())
        service.connected_to.push_back(hop.to);
}
}  // namespace

struct ServiceWindows::OfOne {
  std::string name;
  std::vector<std::string> read, written;  ///< absolute globs of the claim; of nowrite what lies below as well
  std::optional<witness::PlaceWatch> places;
  std::vector<evidence::HeldFile> held;
  std::unique_ptr<witness::ServiceWitness::Window> window;
  std::optional<evidence::Activity> activity;
  std::string unwatched;

  bool wants_files() const { return !read.empty() || !written.empty(); }
  void add(const suite::Obligation& obligation);
  void begin(target::Services& services);
  void hold(const target::Services& services);
  void close(const target::Services& services);
  void look(const target::Services& services, SeenService& seen);
};

void ServiceWindows::OfOne::add(const suite::Obligation& obligation) {
  append(read, texts_of(obligation.settings["read"]));
  append(written, texts_of(obligation.settings["write"]));
  for (const std::string& place : texts_of(obligation.settings["nowrite"])) append(written, {place, place + "/**"});
}

/// Files of the claim that its processes have open now.
void ServiceWindows::OfOne::hold(const target::Services& services) {
  const auto wanted = [&](std::string_view path) {
    const auto meant = [&](const std::string& pattern) { return judge::is_meant(pattern, path); };
    return std::ranges::any_of(read, meant) || std::ranges::any_of(written, meant);
  };
  for (evidence::HeldFile& file : witness::held_files(services.members_of(name), wanted)) {
    const auto known = std::ranges::find_if(
        held, [&](const auto& other) { return other.path == file.path && other.by.id == file.by.id; });
    if (known == held.end()) {
      held.push_back(std::move(file));
      continue;
    }
    known->writes |= file.writes;
    known->mapped |= file.mapped;
  }
}

void ServiceWindows::OfOne::begin(target::Services& services) {
  if (wants_files()) {
    places.emplace(written);
    hold(services);
  }
  window = services.open_window(name, wants_files());
}

void ServiceWindows::OfOne::close(const target::Services& services) {
  if (window)
    activity = window->close();
  else
    unwatched = services.unwatched(name);
  window.reset();
}

void ServiceWindows::OfOne::look(const target::Services& services, SeenService& seen) {
  seen.activity = std::move(activity);
  seen.unwatched = unwatched;
  if (!wants_files()) return;
  seen.files_watched = seen.activity.has_value();
  hold(services);
  seen.files = places->end();
  const std::vector<pid_t> pids = services.members_of(name);
  for (evidence::HeldFile& file : held) file.alone = file.writes && !witness::written_by_others(file.path, pids);
  seen.held = std::move(held);
}

ServiceWindows::ServiceWindows(SuiteContext& context, const suite::Case& which,
                               const std::vector<suite::Obligation>& contract)
    : context_(context) {
  if (!context.services) return;
  for (const std::string& name : with_needs(context.suite, which.uses)) {
    windows_.push_back(std::make_unique<OfOne>());
    windows_.back()->name = name;
  }
  for (const suite::Obligation& obligation : contract)
    for (const auto& window : windows_)
      if (obligation.kind->name == "service" && obligation.settings["svc"].as_string() == window->name)
        window->add(obligation);
  for (const auto& window : windows_) window->begin(*context.services);
  marks_ = context.services->vias().mark();
}

ServiceWindows::~ServiceWindows() = default;

/// Who answered the probe was looked up while it was connected, which is better than what can be seen now.
void ServiceWindows::add_vias(evidence::Facts& facts) {
  std::vector<evidence::SeenVia> seen =
      context_.services->vias().since(marks_, *context_.services, context_.run_started_ms);
  for (evidence::SeenVia& via : seen) {
    const auto known = std::ranges::find(facts.vias, via.service, &evidence::SeenVia::service);
    if (known != facts.vias.end() && known->answerer.how != evidence::Responder::How::unseen)
      via.answerer = std::move(known->answerer);
  }
  facts.vias = std::move(seen);
}

/// All windows are closed before anything is looked at, so that none sees more than its time. What services did that
/// nobody asks for and that led to nobody else is left out.
void ServiceWindows::end(evidence::Facts& facts) {
  facts.services_alone = !windows_.empty() && context_.world.is_held_alone();
  if (context_.services) add_vias(facts);
  bool matters = !facts.services.empty() || !facts.vias.empty();
  for (const auto& window : windows_) {
    window->close(*context_.services);
    matters = matters || window->wants_files() || (window->activity && !window->activity->connections.empty());
  }
  if (matters) {
    complete(facts, windows_.empty() ? std::vector<SeenService>{} : context_.services->look());
    for (const auto& window : windows_)
      if (SeenService* seen = entry_of(facts, window->name)) {
        window->look(*context_.services, *seen);
        facts.coverage.push_back(coverage_of(*seen));
      }
    note_connections(facts);
  }
  windows_.clear();
}

namespace {
/// One of the services it uses stands in front of that one.
bool may_go_by_way(const suite::Suite& suite, const suite::Case& which, const std::string& to) {
  return std::ranges::any_of(which.uses, [&](const std::string& first) {
    const auto behind = with_needs(suite, {first});
    return first != to && std::ranges::find(behind, to) != behind.end();
  });
}
}  // namespace

bool needs_services_alone(const suite::Suite& suite, const suite::Case& which) {
  if (which.kind->alone) return true;
  return std::ranges::any_of(which.contract, [&](const suite::Obligation& obligation) {
    const std::string_view kind = obligation.kind->name;
    if (kind == "service") return true;
    return (kind == "connect" || kind == "delegate") &&
           may_go_by_way(suite, which, obligation.settings["to"].as_string());
  });
}
}  // namespace mccoy::run
