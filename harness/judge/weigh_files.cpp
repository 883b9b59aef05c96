// Obligations about files, decided by how they were before the trial and after it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/judge/paths.hpp"
#include "harness/judge/weigh.hpp"
#include "harness/judge/weigh_activity.hpp"

namespace mccoy::judge {
namespace {
using evidence::SeenFile;
using Change = SeenFile::Change;

std::vector<const SeenFile*> files_meant(const Question& question, std::string_view pattern) {
  std::vector<const SeenFile*> files;
  for (const auto& file : question.facts.files)
    if (is_meant(pattern, file.path, question.facts.folder)) files.push_back(&file);
  return files;
}

bool was_written(const SeenFile& file) {
  return file.change == Change::created || file.change == Change::changed;
}

// ---- write

/// Older bytes under a new name. A file kept its inode: it is the older file. Equal bytes alone prove nothing, since an
/// honest rebuild gives equal bytes.
std::optional<Weight> copied(const Question& question, const SeenFile& file) {
  if (file.sha256.empty()) return unseen(fmt::format("{} is no file with bytes in it that could be read", file.path));
  if (file.size == 0) return unseen(fmt::format("{} is empty: nothing in it was made", file.path));
  if (!file.linked_from.empty()) {
    const std::string why =
        fmt::format("{} is {} under another name, which was there before", file.path, file.linked_from);
    return question.setting("expected").as_bool() ? unseen(why) : broken(why, "R9");
  }
  if (file.same_bytes_as.empty() || was_made_anew(question, file.path, file.same_bytes_as)) return std::nullopt;
  const std::string older =
      file.same_bytes_as == file.path ? "before" : file.same_bytes_as + ", which was there before";
  return unseen(fmt::format("{} holds the same bytes as {}: it may be a copy or made again; who did that is not known",
                            file.path, older));
}

/// Written again, it holds the bytes of its older self.
SeenFile with_older_bytes(SeenFile file) {
  if (file.same_bytes_as.empty()) file.same_bytes_as = file.path;
  return file;
}

Weight not_written(const Question& question, const std::vector<const SeenFile*>& files, std::string_view pattern) {
  const bool looked = find_coverage(question.facts, "files") != nullptr || !files.empty();
  if (!looked) return unseen("nobody looked at this place before and after the trial");
  if (files.empty()) return broken(fmt::format("there is no {}", pattern));
  const bool gone = files.front()->change == Change::missing;
  return broken(fmt::format("{} {}", files.front()->path, gone ? "is missing" : "is as it was before"));
}

Weight write_one(const Question& question, std::string_view pattern) {
  const auto files = files_meant(question, pattern);
  const bool derived = question.setting("derived").as_bool();
  std::int64_t written = 0, again = 0;
  std::optional<Weight> doubt;
  for (const SeenFile* file : files) {
    const bool same_bytes = !was_written(*file) && was_written_again(question, file->path);
    if (!was_written(*file) && !same_bytes) continue;
    ++written;
    again += same_bytes ? 1 : 0;
    auto copy = derived ? copied(question, same_bytes ? with_older_bytes(*file) : *file) : std::nullopt;
    if (copy && (!doubt || copy->status == ObligationStatus::broken)) doubt = std::move(copy);
  }
  if (written == 0) return not_written(question, files, pattern);
  if (doubt && doubt->status == ObligationStatus::broken) return *std::move(doubt);
  if (derived)
    if (auto copy = copied_from_input(question, pattern)) return *std::move(copy);
  if (doubt) return *std::move(doubt);
  if (!question.setting("by").is_null())
    return written_by(question, pattern)
        .value_or(unseen(fmt::format("it was written, but by whom: {}", kNeedsWitness)));
  if (again == 1 && written == 1) return held("it was written again in this trial, with the same bytes");
  return held(written == 1 ? "it was written in this trial"
                           : fmt::format("{} files were written in this trial", written));
}

std::vector<std::string> patterns(const Value& path) {
  std::vector<std::string> all;
  for (const auto& item : path.as_list()) all.push_back(item.as_string());
  if (path.is_string()) all.push_back(path.as_string());
  return all;
}

/// A list is held when all of it is; the worst answer counts.
Weight write(const Question& question) {
  Weight worst = unseen("it names no file");
  bool first = true;
  for (const auto& pattern : patterns(question.setting("path"))) {
    Weight weight = write_one(question, pattern);
    const bool worse = weight.status == ObligationStatus::broken ||
                       (weight.status == ObligationStatus::unseen && worst.status == ObligationStatus::held);
    if (first || (worse && worst.status != ObligationStatus::broken)) worst = std::move(weight);
    first = false;
  }
  return worst;
}
std::string write_text(const Value& settings) {
  return fmt::format("{} was {} in this run", join(patterns(settings["path"]), ", "),
                     settings["derived"].as_bool() ? "made" : "written");
}

// ---- nowrite: a change that was seen contradicts it; that none was seen does not prove it

Weight nowrite(const Question& question) {
  const std::string& place = question.setting("path").as_string();
  const std::string& base = question.facts.folder;
  for (const auto& file : question.facts.files)
    if (was_written(file) && (is_meant(place, file.path, base) || is_below(place, file.path, base)))
      return broken(fmt::format("{} was written in this trial", file.path));
  return nothing_written(question).value_or(unseen(fmt::format("that nothing was written there: {}", kNeedsWitness)));
}
std::string nowrite_text(const Value& settings) {
  return fmt::format("nothing was written in {}", settings["path"].as_string());
}

// ---- absent: a state, not an effect; whoever looks sees it

Weight absent(const Question& question) {
  const std::string& place = question.setting("path").as_string();
  const auto files = files_meant(question, place);
  const auto there =
      std::find_if(files.begin(), files.end(), [](const auto* f) { return f->change != Change::missing; });
  if (there != files.end()) return broken(fmt::format("{} is there", (*there)->path));
  if (files.empty()) return unseen("nobody looked at this place");
  return held("nothing was there when the harness looked");
}
std::string absent_text(const Value& settings) {
  return fmt::format("there is no {}", settings["path"].as_string());
}

constexpr std::array<ObligationRow, 3> kRows = {{{"write", &write, &write_text, true},
                                                 {"nowrite", &nowrite, &nowrite_text, false},
                                                 {"absent", &absent, &absent_text, true}}};
}  // namespace

std::span<const ObligationRow> file_obligations() {
  return kRows;
}
}  // namespace mccoy::judge
