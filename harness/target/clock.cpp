#include "harness/target/clock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/owned.hpp"
#include "harness/base/process.hpp"

namespace mccoy::target {
std::string clock_library() {
  const auto found = glob("/usr/lib/*/faketime/libfaketimeMT.so.1", "/", 16);
  return found.ok() && !found->empty() ? found->front() : "";
}

namespace {
constexpr const char* kSharedFolder = "/dev/shm";
constexpr off_t kSharedBytes = 4096;  ///< the library uses a few dozen of them

/// Of the semaphore and the memory, as sem_open(3) and shm_open(3) call them: the same for the same file.
std::string shared_name(const std::string& file) {
  constexpr std::size_t kEnough = 16;
  return "/mccoy-clock-" + sha256(file).substr(0, kEnough);
}
std::string semaphore_path(const std::string& name) {
  return kSharedFolder + ("/sem." + name.substr(1));
}
std::string memory_path(const std::string& name) {
  return kSharedFolder + name;
}

/// Others than us, too, may run the processes of the service.
Status make_shared(const std::string& name) {
  constexpr mode_t kEverybody = 0666;
  sem_t* const semaphore = ::sem_open(name.c_str(), O_CREAT | O_EXCL, kEverybody, 1);
  if (semaphore == SEM_FAILED) return system_error("cannot make the semaphore " + name, errno);
  ::sem_close(semaphore);
  const UniqueFd memory(::shm_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, kEverybody));
  if (!memory || ::ftruncate(memory.get(), kSharedBytes) != 0 || ::fchmod(memory.get(), kEverybody) != 0 ||
      ::chmod(semaphore_path(name).c_str(), kEverybody) != 0)
    return system_error("cannot make the shared memory " + name, errno);
  return {};
}
}  // namespace

Result<FakeClock> FakeClock::make(const std::string& path) {
  MCCOY_DO(write_atomically(path, clock_offset({}), 0644));
  const std::string name = shared_name(path);
  FakeClock clock;
  MCCOY_TRY(semaphore, Undo::promise(Undo::What::remove, "", semaphore_path(name)));
  clock.semaphore_ = std::move(semaphore);
  MCCOY_TRY(memory, Undo::promise(Undo::What::remove, "", memory_path(name)));
  clock.memory_ = std::move(memory);
  MCCOY_DO(make_shared(name));
  clock.file_ = path;
  return clock;
}

FakeClock::~FakeClock() {
  (void)semaphore_.fulfil();
  (void)memory_.fulfil();
}

std::string clock_offset(Duration offset) {
  return fmt::format("{:+018.3f}\n", std::chrono::duration<double>(offset).count());
}

void set_clock_environment(std::vector<std::string>& env, const std::string& file) {
  const std::string before = get_env(env, "LD_PRELOAD");
  set_env(env, "LD_PRELOAD", clock_library() + (before.empty() ? "" : ":" + before));
  set_env(env, "FAKETIME_TIMESTAMP_FILE", file);
  set_env(env, "FAKETIME_SHARED", shared_name(file) + " " + shared_name(file));
  set_env(env, "FAKETIME_NO_CACHE", "1");
  set_env(env, "FAKETIME_DONT_FAKE_MONOTONIC", "1");
  set_env(env, "DONT_FAKE_MONOTONIC", "1");  // what versions before 0.9.10 call it
}
}  // namespace mccoy::target
