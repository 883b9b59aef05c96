// file: what stands at a path, or how many files match a pattern.
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/probe.hpp"
#include "probes/unstated.hpp"

namespace mccoy::probes {
namespace {
using suite::FieldType;
using suite::Match;
constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::string type_word(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "link";
    case S_IFIFO:
      return "pipe";
    case S_IFSOCK:
      return "socket";
    case S_IFBLK:
      return "block device";
    case S_IFCHR:
      return "character device";
    default:
      return "unknown";
  }
}

std::string user_name(uid_t uid) {
  std::array<char, 4096> room;
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(uid, &entry, room.data(), room.size(), &found);
  return found != nullptr ? found->pw_name : std::to_string(uid);
}

bool is_pattern(std::string_view path) {
  return path.find_first_of("*?[{") != std::string_view::npos;
}

class FileProbe final : public Probe {
 public:
  static Result<std::unique_ptr<Probe>> make(const suite::Settings& settings) {
    const std::string path = settings.head().as_string();
    if (path.empty() || path.find('\0') != std::string::npos)
      return Error{.where = settings.head_span(), .what = "file has no path", .hint = "file: build/report.json"};
    const auto keep = settings.has("keep")
                          ? static_cast<std::size_t>(std::max<std::int64_t>(settings.integer("keep"), 0))
                          : kKeepOutput;
    return std::unique_ptr<Probe>(std::make_unique<FileProbe>(path, keep, settings.head_span()));
  }
  FileProbe(std::string path, std::size_t keep, Span span) : path_(std::move(path)), keep_(keep), span_(span) {}

  Result<evidence::Observation> observe(const Trial& trial) override {
    std::string path = absolute(path_, trial.folder);
    evidence::Observation seen;
    seen.values.set("count", 1);
    if (struct stat there{}; is_pattern(path_) && ::lstat(path.c_str(), &there) != 0) {
      MCCOY_TRY(found, matching(trial.folder));
      seen.values.set("count", found.size());
      if (found.size() == 1) path = absolute(found[0], trial.folder);
      if (found.size() != 1) {
        seen.values.set("exists", !found.empty());
        return seen;
      }
    }
    return look(path, trial, std::move(seen));
  }

 private:
  Result<std::vector<std::string>> matching(const std::string& folder) const {
    auto found = glob(path_, folder);
    if (!found.ok()) found.error().where = span_;
    return found;
  }
  Error cannot(const std::string& path, int problem) const {
    Error error = system_error("cannot look at " + visible_line(path, 300), problem);
    error.where = span_;
    if (problem == EACCES) error.hint = "whoever runs mccoy must be allowed to read it";
    return error;
  }
  Result<evidence::Observation> look(const std::string& path, const Trial& trial, evidence::Observation seen) const;
  Status read_content(const std::string& path, const Trial& trial, evidence::Observation& seen) const;

  std::string path_;
  std::size_t keep_;
  Span span_;
};

Result<evidence::Observation> FileProbe::look(const std::string& path, const Trial& trial,
                                              evidence::Observation seen) const {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0 && (errno != ENOENT || ::lstat(path.c_str(), &file) != 0)) {
    if (errno != ENOENT && errno != ENOTDIR) return cannot(path, errno);
    seen.values.set("exists", false);
    seen.values.set("count", 0);
    return seen;
  }
  const std::int64_t changed_ns = std::int64_t{file.st_mtim.tv_sec} * kNsPerSecond + file.st_mtim.tv_nsec;
  seen.values.set("exists", true);
  seen.values.set("type", type_word(file.st_mode));
  seen.values.set("mode", fmt::format("{:04o}", file.st_mode & 07777U));
  seen.values.set("owner", user_name(file.st_uid));
  seen.values.set("age", wall_ms() * 1'000'000 - changed_ns);
  if (!S_ISREG(file.st_mode)) return seen;
  seen.values.set("size", file.st_size);
  MCCOY_DO(read_content(path, trial, seen));
  return seen;
}

Status FileProbe::read_content(const std::string& path, const Trial& trial, evidence::Observation& seen) const {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return cannot(path, errno);
  OutputCollector content(keep_);
  std::vector<char> room(kReadBytes);
  for (;;) {
    if (trial.interrupt != nullptr && trial.interrupt->raised())
      return Error{.where = span_,
                   .what = "given up because the run was interrupted",
                   .cause = std::make_error_code(std::errc::interrupted)};
    if (trial.deadline.passed())
      return Error{.where = span_,
                   .what = visible_line(path, 300) + " could not be read to its end within the time allowed",
                   .hint = "give it more time with `within:`",
                   .cause = std::make_error_code(std::errc::timed_out)};
    const ssize_t got = ::read(file.get(), room.data(), room.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot(path, errno);
    if (got == 0) break;
    content.add({room.data(), static_cast<std::size_t>(got)});
  }
  Output read = content.finish();
  seen.values.set("sha256", read.sha256);
  seen.texts.emplace("content", std::move(read));
  return {};
}

constexpr suite::Field kFields[] = {
    {.name = "keep",
     .type = FieldType::size,
     .help = "How much of the head and of the tail of the content is kept; all of it is counted and digested.",
     .fallback = "1MiB"},
};
constexpr suite::ExpectField kExpects[] = {
    {"exists", Match::flag, "exists", "Something is there.", "true", "*"},
    {"type", Match::word, "type", "file, directory, link (one that leads nowhere), pipe, socket."},
    {"size", Match::size, "size", "Size of the file."},
    {"sha256", Match::word, "sha256", "Digest of the content, 64 lower-case hex digits."},
    {"age", Match::duration, "age", "Time since the content was last changed."},
    {"mode", Match::word, "mode", "Permissions in octal, four digits, in quotes: \"0644\"."},
    {"owner", Match::word, "owner", "Name of the user it belongs to."},
    {"count", Match::number, "count", "How many files match, when the path is a pattern."},
    {"content", Match::text, "content", "The content."},
    {"json", Match::json, "content", "Members of the content read as JSON."},
    {"json_match", Match::matcher, "content",
     "Members of the content read as JSON, each matched by pattern or number."},
};
constexpr std::string_view kSources[] = {"exists", "type", "size", "age", "mode", "owner", "count", "content"};

std::vector<suite::Obligation> default_contract(const suite::Settings& settings, const std::string&) {
  return {unstated("write", Value::map({{"path", settings.head().as_string()}}))};
}
}  // namespace

const ProbeKind& file_kind() {
  static const suite::KindSchema schema{
      .name = "file",
      .summary = "looks at a file: existence, size, digest, content, age, permissions; or counts files",
      .head = {.name = "file",
               .type = FieldType::path,
               .help = "A path, or a pattern with * ? [] {} **, relative to the workspace or the suite's folder.",
               .required = true,
               .example = "build/report.json"},
      .fields = kFields,
      .expects = kExpects,
      .sources = kSources,
      .main_text = "content",
      .default_contract = "the file was written in this run"};
  static const ProbeKind kind{.schema = &schema,
                              .make = &FileProbe::make,
                              .default_contract = &default_contract,
                              .address = [](const suite::Settings&) { return std::string(); }};
  return kind;
}
}  // namespace mccoy::probes
