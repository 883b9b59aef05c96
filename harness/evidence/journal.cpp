#include "harness/evidence/journal.hpp"

#include <fcntl.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "harness/base/clock.hpp"
#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/owned.hpp"
#include "harness/evidence/record_line.hpp"

namespace mccoy::evidence {
struct Journal::State {
  std::string path;
  UniqueFd fd;
  std::function<Status()> before_sync;

  std::mutex mutex;  ///< guards all below
  std::condition_variable synced;
  std::condition_variable_any wanted;
  Extent written{.head = std::string(kNoHash)};
  MerkleRoot root;
  Sha256 all;
  std::int64_t durable = 0;  ///< records that a finished fdatasync covered
  std::int64_t asked = 0;    ///< records that shall be durable soon
  bool syncing = false;      ///< a thread is in fdatasync, on behalf of all that wait
  bool named = false;        ///< the folder that holds the journal is durable
  bool closed = false;
  std::optional<Error> loss;

  Status fail(Error error);
  Status write(std::string_view type, std::string_view body);
  Status wait_until_durable(std::unique_lock<std::mutex>& lock, std::int64_t seq);
  Status sync_to_disk();
  void sync_soon(std::int64_t seq);
  void keep_durable(const std::stop_token& stop);

  std::jthread keeper;  ///< last, so that it ends first; started by the first that asks for it
};

Journal::Journal() = default;
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Result<Journal> Journal::create(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->fd = UniqueFd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!state->fd) return system_error(path, errno);
  Journal journal;
  journal.state_ = std::move(state);
  return journal;
}

Status Journal::State::fail(Error error) {
  if (!loss) {
    loss = std::move(error);
    loss->what = path + ": the evidence cannot be kept: " + loss->what;
    if (loss->hint.empty()) loss->hint = "the run ends here; give --out a folder that can be written and has room";
  }
  synced.notify_all();
  return *loss;
}

Status Journal::State::write(std::string_view type, std::string_view body) {
  if (body.size() > kRecordBytesMax - 1024)
    return fail({.what = "a record of type \"" + std::string(type) + "\" is larger than 64 MiB"});
  const Record record{written.records + 1, wall_ms(), mono_us(), std::string(type), {}};
  std::string hash;
  std::string line = record_line(record, written.head, body, hash);
  root.add(line);
  line += '\n';
  if (auto status = write_all(fd.get(), line); !status.ok()) return fail(std::move(status).error());
  all.update(line);
  written.records = record.seq;
  written.bytes += static_cast<std::int64_t>(line.size());
  written.head = std::move(hash);
  closed = type == kCloseType;
  return {};
}

/// Never tried twice: after an error the kernel may have dropped the bytes and would call the next attempt a success.
Status Journal::State::sync_to_disk() {
  if (before_sync) MCCOY_DO(before_sync());
  if (!named) MCCOY_DO(sync_dir(dirname(path)));
  named = true;
  if (::fdatasync(fd.get()) != 0) return system_error("fdatasync", errno);
  return {};
}

void Journal::State::sync_soon(std::int64_t seq) {
  asked = seq;
  if (!keeper.joinable()) keeper = std::jthread([this](const std::stop_token& stop) { keep_durable(stop); });
  wanted.notify_one();
}

void Journal::State::keep_durable(const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  while (wanted.wait(lock, stop, [this] { return asked > durable; }))
    if (!wait_until_durable(lock, asked).ok()) return;
}

/// The first that needs the disk goes there for all records written by then; who comes meanwhile waits for the next
/// turn.
Status Journal::State::wait_until_durable(std::unique_lock<std::mutex>& lock, std::int64_t seq) {
  while (durable < seq) {
    if (loss) return *loss;
    if (syncing) {
      synced.wait(lock);
      continue;
    }
    syncing = true;
    const std::int64_t covered = written.records;
    lock.unlock();
    auto status = sync_to_disk();
    lock.lock();
    syncing = false;
    if (!status.ok()) return fail(std::move(status).error());
    durable = covered;
    synced.notify_all();
  }
  return {};
}

Status Journal::append(std::string_view type, const Value& body, Durable durable) {
  MCCOY_CHECK(state_ != nullptr);
  const std::string text = to_json(body);
  std::unique_lock lock(state_->mutex);
  if (state_->loss) return *state_->loss;
  if (state_->closed) return Error{.what = state_->path + ": the journal is closed, a record came too late"};
  MCCOY_DO(state_->write(type, text));
  if (durable == Durable::yes) return state_->wait_until_durable(lock, state_->written.records);
  if (durable == Durable::soon) state_->sync_soon(state_->written.records);
  return {};
}

void Journal::before_sync(std::function<Status()> action) {
  const std::lock_guard lock(state_->mutex);
  state_->before_sync = std::move(action);
}

std::int64_t Journal::records() const {
  const std::lock_guard lock(state_->mutex);
  return state_->written.records;
}

std::string Journal::head() const {
  const std::lock_guard lock(state_->mutex);
  return state_->written.head;
}

bool Journal::failed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->loss.has_value();
}

Journal::Extent Journal::extent() const {
  const std::lock_guard lock(state_->mutex);
  Extent extent = state_->written;
  extent.root = state_->root.hex();
  extent.sha256 = state_->all.hex();
  return extent;
}
}  // namespace mccoy::evidence
