// Watches a service and everything below it for its whole life, and records what it does in windows of time. Between
// them nothing is kept but who lives and which sockets are open, so memory does not grow with what it does. See
// call_witness.hpp for what can be seen and what it costs. Any thread may open and close windows.
#pragma once
#include <memory>
#include <string>

#include "harness/base/process.hpp"
#include "harness/evidence/activity.hpp"

namespace mccoy::witness {
class CallFaults;

class ServiceWitness : public std::enable_shared_from_this<ServiceWitness> {
 public:
  /// A piece of the life of a service. It keeps the witness.
  class Window {
   public:
    ~Window();
    /// What was done since it was opened. Once.
    evidence::Activity close();

   private:
    friend class ServiceWitness;
    struct State;
    explicit Window(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };

  static std::shared_ptr<ServiceWitness> make();
  ~ServiceWitness();
  /// Prepares the command of the service. Where the kernel does not allow it the command is left as it is.
  ///   reads  see which files it opens only to read them, at the price of a look at each
  ///   faults  what is made to fail; may be null, and may be shared by several lives of the service
  void watch(Command& command, bool reads, std::shared_ptr<CallFaults> faults = {});
  /// Once nothing of the service lives any more.
  void end();
  /// Why it is not watched; "" when it is.
  std::string why_not() const;
  /// What the service may be missing because it is watched, in words; mostly "".
  std::string what_it_takes() const;
  /// From here on.
  ///   files  files are recorded as well, and not sockets only: what it opens then takes longer
  std::unique_ptr<Window> open(bool files);

 private:
  struct State;
  ServiceWitness();
  std::unique_ptr<State> state_;
};
}  // namespace mccoy::witness
