// Some threads, each with a network of its own, that share the work out among themselves.
#pragma once
#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/probes/chaos/killed.hpp"
#include "tests/sanitized.hpp"

namespace mccoy::chaos::testing {
/// With a sanitizer, it would take more than a night.
inline bool nightly() {
  return std::getenv("MCCOY_NIGHTLY") != nullptr && !kSanitized;
}

/// Calls work(index, network) for each index below `count`, several at once.
template <class Work>
void share_out(std::size_t count, Work work) {
  constexpr unsigned kPerProcessor = 2;  // most of the time they wait
  std::atomic<std::size_t> next = 0;
  std::vector<std::unique_ptr<NamedNetwork>> networks;  // all of them first: none shall come in addition
  for (unsigned i = 0; i < kPerProcessor * std::max(std::thread::hardware_concurrency(), 1U); ++i)
    networks.push_back(std::make_unique<NamedNetwork>(static_cast<int>(i)));
  std::vector<std::thread> crew;
  for (const auto& network : networks)
    crew.emplace_back([&] {
      for (std::size_t at = 0; (at = next++) < count;) work(at, network->name());
    });
  for (auto& one : crew) one.join();
}

/// What was found at one point, for the thread that may judge.
struct Found {
  std::string where, residue;
  bool killed = false;
  double clean_after_s = 0;
};

/// Judges all, and tells how many and how long.
inline void judge_all(const std::vector<Found>& all, const std::string& what) {
  const Found* slowest = nullptr;
  std::size_t kills = 0;
  for (const auto& found : all) {
    kills += found.killed ? 1 : 0;
    BOOST_TEST(found.residue.empty(), found.where << ":\n  " << found.residue);
    if (slowest == nullptr || found.clean_after_s > slowest->clean_after_s) slowest = &found;
  }
  BOOST_TEST(kills > 0);
  if (slowest != nullptr)
    BOOST_TEST_MESSAGE(what << " at " << kills << " points; the slowest was as before within " << slowest->clean_after_s
                            << " s: " << slowest->where);
}

/// Kills it now, and waits.
inline Found kill_and_look(Killed& mccoy, std::string where) {
  mccoy.kill_it();
  const auto begun = Clock::now();
  Found found{.where = std::move(where), .residue = mccoy.residue(), .killed = true};
  found.clean_after_s = seconds_since(begun);
  return found;
}
}  // namespace mccoy::chaos::testing
