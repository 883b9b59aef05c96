// Somebody else uses the processors, the memory or the disk the service needs: stress-ng, bound to the processors the
// service may use, for no longer than the fault may last.
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "probes/chaos/victims.hpp"

namespace mccoy::chaos {
namespace {
using suite::Field;
using suite::FieldType;
constexpr const char* kPath = "/usr/local/bin:/usr/bin:/bin";

std::string stress_ng() {
  return find_program("stress-ng", kPath, "/");
}

/// "0,2": the processors a process may use.
std::string processors_of(pid_t pid) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(pid, sizeof set, &set) != 0) return "0";
  std::vector<std::string> numbers;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) numbers.push_back(std::to_string(cpu));
  return join(numbers, ",");
}

struct Used {
  double cpu_ms = 0, memory_mib = 0, written_mib = 0;
};

std::int64_t number_after(const std::string& path, std::string_view name) {
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name)) return std::strtoll(line.c_str() + name.size() + 1, nullptr, 10);
  return 0;
}

double cpu_ms_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const auto fields = split(line.substr(std::min(line.rfind(')') + 2, line.size())), ' ');
  constexpr std::size_t kUser = 11, kSystem = 12;
  if (fields.size() <= kSystem) return 0;
  const double ticks = std::strtod(fields[kUser].c_str(), nullptr) + std::strtod(fields[kSystem].c_str(), nullptr);
  return ticks * 1000 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

class Hog final : public Fault {
 public:
  Hog(const FaultContext& context, Value settings) : context_(context), settings_(std::move(settings)) {}

  FaultPlan plan() const override {
    return {.does = {"run " + join(arguments("…"), " ")}, .by_hand = {}, .through = "stress-ng"};
  }
  Result<Reading> measure() override;
  bool has_effect(const Reading& before, const Reading& during) const override {
    return during.value >= before.value + (what() == "memory" ? 0.9 * asked_mib() : what() == "cpu" ? 20 : 1);
  }
  bool is_healed(const Reading&, const Reading& after) const override { return after.facts["running"].as_int() == 0; }

 private:
  Status inject() override;
  Status heal() override {
    tree_.reset();
    return {};
  }
  std::vector<std::string> arguments(const std::string& program) const;
  const std::string& what() const { return settings_["what"].as_string(); }
  double asked_mib() const { return static_cast<double>(settings_["size"].as_int()) / (1 << 20); }
  Used used() const;

  const FaultContext context_;
  const Value settings_;
  std::optional<ProcessTree> tree_;
};

std::vector<std::string> Hog::arguments(const std::string& program) const {
  const auto where = context_.services->whereabouts(context_.service);
  const auto workers = std::to_string(settings_["workers"].as_int());
  const auto size = std::to_string(settings_["size"].as_int());
  const auto seconds =
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(context_.expires_in).count(), 1);
  std::vector<std::string> words{program,
                                 "--quiet",
                                 "--oomable",
                                 "--taskset",
                                 processors_of(where ? where->root.pid : 0),
                                 "--timeout",
                                 fmt::format("{}s", seconds),
                                 "--temp-path",
                                 context_.scratch};
  if (what() == "cpu") words.insert(words.end(), {"--cpu", workers, "--cpu-method", "loop"});
  if (what() == "memory") words.insert(words.end(), {"--vm", "1", "--vm-bytes", size, "--vm-keep", "--vm-hang", "0"});
  if (what() == "disk") words.insert(words.end(), {"--hdd", workers, "--hdd-bytes", size});
  return words;
}

Status Hog::inject() {
  auto tree = ProcessTree::start({.argv = arguments(stress_ng()), .env = base_environment(), .cwd = context_.scratch},
                                 context_.deadline);
  if (!tree.ok()) return std::move(tree).error();
  tree_.emplace(std::move(*tree));
  return {};
}

Used Hog::used() const {
  Used sum;
  if (!tree_) return sum;
  for (const auto& process : tree_->members()) {
    const std::string folder = "/proc/" + std::to_string(process.id.pid);
    sum.cpu_ms += cpu_ms_of(process.id.pid);
    sum.memory_mib += static_cast<double>(number_after(folder + "/status", "RssAnon") +
                                          number_after(folder + "/status", "RssShmem")) /
                      1024;
    sum.written_mib += static_cast<double>(number_after(folder + "/io", "wchar")) / (1 << 20);
  }
  return sum;
}

Result<Reading> Hog::measure() {
  const Used now = used();
  const auto running = tree_ ? tree_->members().size() : 0;
  const bool cpu = what() == "cpu", memory = what() == "memory";
  const double value = cpu ? now.cpu_ms : memory ? now.memory_mib : now.written_mib;
  const char* const unit = cpu ? "ms" : "MiB";
  return Reading{.what = fmt::format("{} used beside {} by stress-ng",
                                     cpu                ? "processor time"
                                     : what() == "disk" ? "bytes written"
                                                        : "memory",
                                     context_.service),
                 .unit = unit,
                 .value = value,
                 .text = fmt::format("{:.1f} {} by {} processes", value, unit, running),
                 .facts = Value::map({{"running", running}})};
}

constexpr std::string_view kWhats[] = {"cpu", "memory", "disk"};
constexpr Field kFields[] = {
    {.name = "what", .type = FieldType::word, .help = "what is used up", .required = true, .words = kWhats},
    {.name = "workers", .type = FieldType::integer, .help = "processes that use it (cpu, disk)", .fallback = "1"},
    {.name = "size",
     .type = FieldType::size,
     .help = "memory used, or size of the files written",
     .fallback = "64MiB"}};

std::string lacks(const FaultContext&, const Value&) {
  return stress_ng().empty() ? "stress-ng is not installed (Debian: apt-get install stress-ng)" : "";
}

Status check(const Value& settings, Duration) {
  const auto workers = settings["workers"].as_int();
  if (workers < 1 || workers > 64) return Error{.what = "workers: write a number from 1 to 64"};
  return settings["size"].as_int() > 0 ? Status() : Error{.what = "size: write a size above 0"};
}

Result<std::unique_ptr<Fault>> make(const FaultContext& context, const Value& settings) {
  return std::make_unique<Hog>(context, settings);
}
}  // namespace

extern const FaultKind hog_fault{
    .name = "hog",
    .summary = "another program uses the processors, the memory or the disk of the service",
    .fields = kFields,
    .needs = "stress-ng",
    .check = &check,
    .lacks = &lacks,
    .make = &make};
}  // namespace mccoy::chaos
