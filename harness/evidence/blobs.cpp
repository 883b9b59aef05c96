#include "harness/evidence/blobs.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/owned.hpp"

namespace mccoy::evidence {
namespace {
constexpr std::size_t kUnsyncedMax = 128;  ///< open descriptors at most
constexpr std::int64_t kBlobBytesMax = std::int64_t{1} << 30;
}  // namespace

struct Blobs::State {
  std::string folder;
  std::mutex syncing;  ///< held for a whole sync(), taken before `mutex`: who comes second waits for the first
  std::mutex mutex;    ///< guards all below
  std::map<std::string, std::int64_t> kept;
  std::set<std::string> folders;           ///< made by us
  std::vector<UniqueFd> unsynced;          ///< written, not yet fsynced
  std::set<std::string> unsynced_folders;  ///< hold new names
  std::uint64_t temporaries = 0;
  std::optional<Error> loss;

  Status fail(Error error) {
    const std::lock_guard lock(mutex);
    if (!loss) loss = std::move(error);
    return *loss;
  }
  Status make_folder(const std::string& path);
  Status write(std::string_view bytes, const std::string& path);
};

Blobs::Blobs(std::string folder) : state_(std::make_unique<State>()) {
  state_->folder = std::move(folder);
}
Blobs::Blobs(Blobs&&) noexcept = default;
Blobs& Blobs::operator=(Blobs&&) noexcept = default;
Blobs::~Blobs() = default;

const std::string& Blobs::folder() const {
  return state_->folder;
}

std::string Blobs::place(std::string_view sha256) {
  return fmt::format("{}/{}", sha256.substr(0, 2), sha256);
}

std::map<std::string, std::int64_t> Blobs::kept() const {
  const std::lock_guard lock(state_->mutex);
  return state_->kept;
}

Status Blobs::State::make_folder(const std::string& path) {
  const std::lock_guard lock(mutex);
  if (folders.contains(path)) return {};
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_error(path, errno);
  folders.insert(path);
  unsynced_folders.insert(dirname(path));
  return {};
}

/// The name appears only when all bytes are there; they are read-only from the start.
Status Blobs::State::write(std::string_view bytes, const std::string& path) {
  const std::string parent = dirname(path);
  MCCOY_DO(make_folder(folder));
  MCCOY_DO(make_folder(parent));
  const std::uint64_t number = [this] {
    const std::lock_guard lock(mutex);
    return ++temporaries;
  }();
  const std::string temporary = fmt::format("{}/.new-{}", parent, number);
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400));
  if (!fd) return system_error(temporary, errno);
  auto written = write_all(fd.get(), bytes);
  if (written.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) written = system_error("rename", errno);
  if (!written.ok()) {
    ::unlink(temporary.c_str());
    return Error{.what = path + ": " + written.error().what, .cause = written.error().cause};
  }
  const std::lock_guard lock(mutex);
  unsynced.push_back(std::move(fd));
  unsynced_folders.insert(parent);
  return {};
}

Result<std::string> Blobs::put(std::string_view bytes) {
  std::string digest = sha256(bytes);
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->loss) return *state_->loss;
    if (state_->kept.contains(digest)) return digest;
  }
  if (auto written = state_->write(bytes, state_->folder + '/' + place(digest)); !written.ok())
    return state_->fail(std::move(written).error()).error();
  bool full = false;
  {
    const std::lock_guard lock(state_->mutex);
    state_->kept.emplace(digest, static_cast<std::int64_t>(bytes.size()));
    full = state_->unsynced.size() > kUnsyncedMax;
  }
  if (full) MCCOY_DO(sync());
  return digest;
}

Status Blobs::sync() {
  const std::lock_guard whole(state_->syncing);
  std::vector<UniqueFd> files;
  std::set<std::string> folders;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->loss) return *state_->loss;
    files.swap(state_->unsynced);
    folders.swap(state_->unsynced_folders);
  }
  for (const UniqueFd& file : files)
    if (::fdatasync(file.get()) != 0) return state_->fail(system_error(state_->folder + ": fdatasync", errno));
  for (const std::string& folder : folders)
    if (auto synced = sync_dir(folder); !synced.ok()) return state_->fail(std::move(synced).error());
  return {};
}

Result<std::string> Blobs::get(std::string_view sha256) const {
  const std::string path = state_->folder + '/' + place(sha256);
  MCCOY_TRY(bytes, read_file(path, kBlobBytesMax));
  if (mccoy::sha256(bytes) != sha256) return Error{.what = path + ": its bytes were changed, they have another digest"};
  return bytes;
}
}  // namespace mccoy::evidence
