// Is a bundle what its seal says? Every difference becomes a sentence.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>

#include "harness/base/digest.hpp"
#include "harness/base/folder.hpp"
#include "harness/base/text.hpp"
#include "harness/evidence/bundle.hpp"

namespace mccoy::evidence {
namespace {
constexpr std::size_t kFolderDepthMax = 8;  ///< ours are two deep
constexpr std::size_t kProblemsMax = 200;

class Examiner {
 public:
  Examiner(const std::string& folder, Integrity& integrity) : folder_(folder), integrity_(integrity) {}

  Status examine() {
    MCCOY_DO(examine_journal());
    examine_seal();
    MCCOY_DO(examine_folder("", 0));
    for (const auto& [path, file] : expected_) broken(path, "is missing");
    conclude();
    return {};
  }

 private:
  Status examine_journal() {
    auto reading = read_journal(folder_ + '/' + std::string(kJournalFile), {});
    if (!reading.ok()) return reading.error();
    integrity_.journal = std::move(reading).value();
    if (integrity_.journal.state == JournalState::corrupt) broken(kJournalFile, integrity_.journal.why);
    if (integrity_.journal.state == JournalState::torn) unfinished(kJournalFile, integrity_.journal.why);
    if (integrity_.journal.state == JournalState::incomplete)
      unfinished(kJournalFile, "has no close record: the run was cut off");
    return {};
  }

  void examine_seal() {
    auto seal = read_seal(folder_);
    if (seal.ok()) {
      sealed_ = true;
      for (Seal::File& file : seal->files) {
        std::string path = file.path;
        expected_.emplace(std::move(path), std::move(file));
      }
      compare_journal(seal->journal);
    } else if (seal.error().cause.value() == ENOENT) {
      unfinished(kSealFile, "is missing: the bundle was never sealed, or the seal was taken away");
    } else {
      broken(kSealFile, seal.error().what);
    }
  }

  void compare_journal(const Journal::Extent& sealed) {
    const JournalReading& found = integrity_.journal;
    const auto differs = [this](std::string_view what, const auto& there, const auto& expected) {
      if (there != expected)
        broken(kJournalFile, fmt::format("has another {} than was sealed: {} instead of {}", what, there, expected));
    };
    differs("number of records", found.records, sealed.records);
    differs("length", found.file_bytes, sealed.bytes);
    differs("last hash", found.head, sealed.head);
    differs("Merkle root", found.root, sealed.root);
    if (found.valid_bytes == found.file_bytes) differs("digest", found.sha256, sealed.sha256);
    if (found.state != JournalState::complete) broken(kJournalFile, "was sealed complete and is not any more");
  }

  Status examine_folder(const std::string& below, std::size_t depth) {
    const std::string path = folder_ + '/' + below;
    const UniqueFd fd(::open(path.c_str(), kOpenFolder | (depth > 0 ? O_NOFOLLOW : 0)));
    if (!fd) return system_error(path, errno);
    MCCOY_TRY(entries, read_folder(fd.get()));
    for (const FolderEntry& entry : entries) {
      const std::string name = below.empty() ? entry.name : below + '/' + entry.name;
      struct stat status {};
      if (::fstatat(fd.get(), entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return system_error(folder_ + '/' + name, errno);
      if (S_ISDIR(status.st_mode) && depth < kFolderDepthMax)
        MCCOY_DO(examine_folder(name, depth + 1));
      else
        examine_file(name, status);
    }
    return {};
  }

  void examine_file(const std::string& name, const struct stat& status) {
    if (!S_ISREG(status.st_mode)) {
      expected_.erase(name);
      return broken(name, S_ISLNK(status.st_mode) ? "is a link where a plain file must be" : "is not a plain file");
    }
    ++integrity_.files;
    integrity_.bytes += status.st_size;
    if (name == kJournalFile || name == kSealFile) return;
    if (sealed_)
      compare_file(name, status.st_size);
    else
      compare_with_its_name(name);
  }

  void compare_file(const std::string& name, std::int64_t bytes) {
    const auto expected = expected_.find(name);
    if (expected == expected_.end()) return broken(name, "is not in the seal: somebody put it there");
    const Seal::File file = expected->second;
    expected_.erase(expected);
    if (bytes != file.bytes)
      return broken(name, fmt::format("was changed: it has {} bytes and {} were sealed", bytes, file.bytes));
    const auto digest = sha256_file(folder_ + '/' + name);
    if (!digest.ok())
      broken(name, "cannot be read: " + digest.error().what);
    else if (*digest != file.sha256)
      broken(name, "was changed: its SHA-256 is " + *digest);
  }

  /// Without a seal a blob still says by its name what it must hold; a temporary name is what a crash leaves.
  void compare_with_its_name(const std::string& name) {
    const std::string last = name.substr(name.rfind('/') + 1);
    if (last.starts_with('.')) return;
    if (name != std::string(kBlobsFolder) + '/' + Blobs::place(last))
      return unfinished(name, "is not part of a bundle");
    const auto digest = sha256_file(folder_ + '/' + name);
    if (!digest.ok() || *digest != last)
      broken(name, "was changed or cut: it does not have the digest it is named after");
  }

  void broken(std::string_view file, std::string_view what) {
    broken_ = true;
    say(file, what);
  }
  void unfinished(std::string_view file, std::string_view what) {
    unfinished_ = true;
    say(file, what);
  }
  void say(std::string_view file, std::string_view what) {
    ++said_;
    if (said_ <= kProblemsMax)
      integrity_.problems.push_back(fmt::format("{} {}", visible_line(file), visible_line(what)));
  }

  void conclude() {
    using State = Integrity::State;
    integrity_.state = broken_ ? State::broken : unfinished_ ? State::incomplete : State::intact;
    if (said_ > kProblemsMax) integrity_.problems.push_back(fmt::format("and {} more", said_ - kProblemsMax));
  }

  const std::string& folder_;
  Integrity& integrity_;
  std::map<std::string, Seal::File> expected_;  ///< what the seal names and was not met yet
  bool sealed_ = false, broken_ = false, unfinished_ = false;
  std::size_t said_ = 0;
};

/// A folder is a bundle when it has a journal or a seal, whatever stands in their place.
Status look_like_a_bundle(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return system_error(folder, errno);
  if (!S_ISDIR(status.st_mode)) return Error{.what = folder + " is not a folder"};
  for (const std::string_view file : {kJournalFile, kSealFile})
    if (::lstat((folder + '/' + std::string(file)).c_str(), &status) == 0) return {};
  return Error{.what = folder + " is not a bundle: it has no " + std::string(kJournalFile),
               .hint = "give the folder that `mccoy run --out` made"};
}

/// A journal that is missing or not a plain file while the seal is there was tampered with; that is no error of
/// reading.
bool journal_is_plain(const std::string& folder, Integrity& integrity) {
  struct stat status {};
  if (::lstat((folder + '/' + std::string(kJournalFile)).c_str(), &status) != 0) {
    integrity.problems.push_back(std::string(kJournalFile) + " is missing");
    return false;
  }
  if (S_ISREG(status.st_mode)) return true;
  integrity.problems.push_back(std::string(kJournalFile) + " is a link or something else where a plain file must be");
  return false;
}
}  // namespace

std::string_view to_text(Integrity::State state) {
  constexpr std::string_view kNames[] = {"intact", "incomplete", "broken"};
  return kNames[static_cast<std::size_t>(state)];
}

Result<Integrity> check_integrity(const std::string& folder) {
  MCCOY_DO(look_like_a_bundle(folder));
  Integrity integrity;
  if (!journal_is_plain(folder, integrity)) return integrity;
  MCCOY_DO(Examiner(folder, integrity).examine());
  return integrity;
}
}  // namespace mccoy::evidence
