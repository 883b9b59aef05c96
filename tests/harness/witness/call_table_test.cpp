// The filter tells of the calls of the table and of no others, on each ABI and whatever their arguments: its steps are
// gone through here as the kernel goes through them.
#include "harness/witness/call_table.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>

#include <cstring>
#include <random>
#include <set>

#include <boost/test/unit_test.hpp>

using namespace mccoy;
using namespace mccoy::witness;

namespace {
using Program = std::vector<sock_filter>;

Program program_of(Watching watching, const std::vector<std::string>& counted = {}) {
  const auto bytes = call_filter(watching, counted);
  BOOST_REQUIRE(bytes.ok());
  BOOST_REQUIRE(bytes->size() % sizeof(sock_filter) == 0);
  Program program(bytes->size() / sizeof(sock_filter));
  std::memcpy(program.data(), bytes->data(), bytes->size());
  return program;
}

/// What it says of this call, and how many steps it takes.
struct Answer {
  std::uint32_t action = 0;
  int steps = 0;
};

Answer run(const Program& program, const seccomp_data& data) {
  std::uint32_t value = 0;
  Answer answer;
  for (std::size_t at = 0; at < program.size(); ++at, ++answer.steps) {
    const sock_filter& step = program[at];
    const auto jump = [&](bool holds) { at += holds ? step.jt : step.jf; };
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&value, reinterpret_cast<const char*>(&data) + step.k, sizeof value);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        value &= step.k;
        break;
      case BPF_JMP | BPF_JA:
        at += step.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        jump(value == step.k);
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        jump(value > step.k);
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        jump(value >= step.k);
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        jump((value & step.k) != 0);
        break;
      case BPF_RET | BPF_K:
        answer.action = step.k;
        return answer;
      default:
        BOOST_FAIL("a step of the code " << step.code << " is not known here");
    }
  }
  BOOST_FAIL("the filter runs over its end");
  return answer;
}

/// execve, ptrace, rt_sigqueueinfo, process_vm_writev, execveat … have other numbers there.
const std::set<int> kNotOfX32 = {46, 59, 101, 129, 307, 311, 322};
const std::set<std::uint64_t> kSocketcalls = {3, 4, 5, 11, 16, 18, 20};
constexpr std::uint64_t kTelling[] = {0,  1,      2,       3,     4,       5,        11,         16,   18,
                                      20, SIGURG, SIGKILL, 16898, 0x20000, 0x800000, 1ULL << 32, ~0ULL};
}  // namespace

BOOST_AUTO_TEST_SUITE(call_table)

#ifdef __x86_64__
BOOST_AUTO_TEST_CASE(the_filter_says_what_the_table_says) {
  constexpr int kX32 = 0x40000000, kLast = 600, kRounds = 40;
  std::mt19937_64 random(7);
  const Program program = program_of(Watching::command);
  int shown = 0;
  for (const auto& [arch, offset] :
       {std::pair<std::uint32_t, int>{AUDIT_ARCH_X86_64, 0}, {AUDIT_ARCH_X86_64, kX32}, {AUDIT_ARCH_I386, 0}})
    for (int number = 0; number < kLast; ++number)
      for (int round = 0; round < kRounds; ++round) {
        seccomp_data data{};
        data.nr = number + offset;
        data.arch = arch;
        for (auto& argument : data.args)
          argument = round % 2 == 0 ? kTelling[random() % std::size(kTelling)] : random();
        if (arch == AUDIT_ARCH_I386 || offset != 0)
          for (auto& argument : data.args) argument &= 0xffffffff;
        std::uint64_t arguments[6];
        std::copy(std::begin(data.args), std::end(data.args), arguments);
        const WatchedCall* call = watched_call(arch, data.nr);
        const bool expected = call != nullptr && call->call != Call::count && is_shown(arch, data.nr, arguments);
        const std::uint32_t action = run(program, data).action;
        shown += expected ? 1 : 0;
        if (expected && call->call == Call::socketcall && !kSocketcalls.contains(arguments[0])) continue;
        // x32 has no call of the number that is execve elsewhere.
        if (expected && offset != 0 && kNotOfX32.contains(number) && action == SECCOMP_RET_ALLOW) continue;
        if (action != (expected ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW))
          BOOST_ERROR("call " << number << " of " << arch << " with " << arguments[0] << ", " << arguments[1]
                              << ": the filter says " << action);
      }
  BOOST_TEST(shown > 1000);
}

/// The kernel goes through it for every call there is when it is installed, and for many when they are made.
BOOST_AUTO_TEST_CASE(few_steps_are_enough) {
  for (const Program& program : {program_of(Watching::command), program_of(Watching::service, {"fsync", "fdatasync"})})
    for (int number = 0; number < 450; ++number) {
      seccomp_data data{};
      data.nr = number;
      data.arch = AUDIT_ARCH_X86_64;
      BOOST_TEST(run(program, data).steps < 40, "call " << number);
    }
}
#endif

BOOST_AUTO_TEST_SUITE_END()
