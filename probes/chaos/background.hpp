// What goes on while faults come and go: a load, commands that write, cases that are repeated. Each in threads of its
// own from begin() until end(), or until it is destroyed.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "probes/chaos/chaos_ask.hpp"
#include "probes/chaos/chronicle.hpp"
#include "probes/chaos/ledger.hpp"

namespace mccoy::chaos {
/// What all of them need. Outlives them.
struct Stage {
  const ChaosAsk& ask;
  const Trial& trial;
  Chronicle& chronicle;
  LedgerBook& book;
};

class Background {
 public:
  virtual ~Background() = default;
  /// errors  it cannot be begun
  virtual Status begin() = 0;
  /// Waits until it has come to an end by itself, if it has one, then ends it.
  virtual void end(Deadline deadline) = 0;
  /// What there is to say of it afterwards: figures for the journal; null: nothing.
  virtual Value figures() const { return {}; }
  virtual std::string trouble() const { return {}; }  ///< why it did not do what it should; "" = it did
};
std::unique_ptr<Background> make_load(const Stage& stage);
std::unique_ptr<Background> make_writers(const Stage& stage);
std::unique_ptr<Background> make_repeated_cases(const Stage& stage);
/// Those that the case asks for.
std::vector<std::unique_ptr<Background>> make_backgrounds(const Stage& stage);
}  // namespace mccoy::chaos
