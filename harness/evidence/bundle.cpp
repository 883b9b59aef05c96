#include "harness/evidence/bundle.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/evidence/record_line.hpp"

namespace mccoy::evidence {
namespace {
Status make_empty(const std::string& folder) {
  MCCOY_DO(make_dirs(dirname(folder)));
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return system_error(folder, errno);
  const UniqueFd fd(::open(folder.c_str(), kOpenFolder));
  if (!fd) return system_error(folder, errno);
  MCCOY_TRY(entries, read_folder(fd.get()));
  if (!entries.empty())
    return Error{.what = folder + " is not empty", .hint = "evidence is never mixed: give --out a folder that is new"};
  if (::fchmod(fd.get(), 0700) != 0) return system_error(folder, errno);
  return {};
}
}  // namespace

Result<Bundle> Bundle::create(const std::string& folder) {
  MCCOY_DO(make_empty(folder));
  MCCOY_TRY(journal, Journal::create(folder + '/' + std::string(kJournalFile)));
  Bundle bundle;
  bundle.folder_ = folder;
  bundle.journal_ = std::make_unique<Journal>(std::move(journal));
  bundle.blobs_ = std::make_shared<Blobs>(folder + '/' + std::string(kBlobsFolder));
  // The journal may still be syncing when the bundle goes.
  bundle.journal_->before_sync([blobs = bundle.blobs_, above = dirname(folder), named = false]() mutable -> Status {
    if (!named) MCCOY_DO(sync_dir(above));
    named = true;
    return blobs->sync();
  });
  return bundle;
}

Status Bundle::seal(const Value& close_body) {
  MCCOY_DO(journal_->append(kCloseType, close_body, Durable::yes));
  Seal seal{.journal = journal_->extent(), .files = {}};
  for (const auto& [digest, bytes] : blobs_->kept())
    seal.files.push_back({std::string(kBlobsFolder) + '/' + Blobs::place(digest), bytes, digest});
  const std::string journal = folder_ + '/' + std::string(kJournalFile);
  if (::chmod(journal.c_str(), 0400) != 0) return system_error(journal, errno);
  return write_atomically(folder_ + '/' + std::string(kSealFile), seal_text(seal), 0400);
}
}  // namespace mccoy::evidence
