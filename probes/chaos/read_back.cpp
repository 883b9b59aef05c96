// What is there after the faults: listed at once, or asked for record by record; declared in ledger.hpp.
#include <fmt/format.h>

#include "harness/base/text.hpp"
#include "harness/judge/gates.hpp"
#include "harness/suite/settings.hpp"
#include "probes/chaos/ledger.hpp"
#include "probes/http_transfer.hpp"

namespace mccoy::chaos {
namespace {
constexpr std::size_t kKeep = 64 << 20;  ///< bytes of a list
constexpr Duration kEach = std::chrono::seconds(10), kList = std::chrono::seconds(60);

/// Whoever tells what is there is asked by the way.
class Unwatched final : public Watch {
  void exchanged(int, std::int64_t, std::int64_t) override {}
  void starting(Command&) override {}
  void ran(const Command&, const Captured&) override {}
};

struct Reply {
  bool there = false, absent = false;
  std::string text, why;
};

Result<Reply> by_http(const std::string& request_line, const Trial& trial, Deadline deadline) {
  probes::HttpRequest request;
  const auto blank = request_line.find(' ');
  request.url = trim(std::string_view(request_line).substr(blank));
  request.keep = kKeep;
  Unwatched nobody;
  Trial asking = trial;
  asking.watch = &nobody;
  asking.deadline = deadline;
  MCCOY_TRY(answer, probes::transfer(request, asking));
  const auto status = answer.values["status"].as_int();
  const auto body = answer.texts.find("body");
  Reply reply{.there = status == 200, .absent = status == 404 || status == 410, .text = {}, .why = {}};
  reply.why = fmt::format("it answered with status {}", status);
  if (body == answer.texts.end()) return reply;
  if (!body->second.whole()) return Error{.what = "what it answered is longer than 128 MiB"};
  reply.text = body->second.text();
  return reply;
}

Result<Reply> by_command(const std::vector<std::string>& argv, const Trial& trial, Deadline deadline) {
  const Command command{.argv = argv, .env = trial.env, .cwd = trial.folder};
  MCCOY_TRY(done, run_command(command, deadline, kKeep, trial.interrupt));
  if (done.deadline_passed || done.interrupted)
    return Error{.what = "`" + shell_quoted(argv) + "` did not end in time"};
  if (!done.out.whole()) return Error{.what = "`" + shell_quoted(argv) + "` wrote more than 128 MiB"};
  const bool exited = done.ended.exited;
  Reply reply{.there = exited && done.ended.code == 0,
              .absent = exited && done.ended.code == 1,
              .text = done.out.text(),
              .why = {}};
  const std::string_view said = trim(done.err.bytes > 0 ? done.err.head : done.out.head);
  reply.why = fmt::format("`{}` {} {}: {}", shell_quoted(argv), exited ? "exited with" : "was ended by signal",
                          done.ended.code, visible_line(said, 200));
  return reply;
}

Result<Reply> ask_once(const std::vector<std::string>& how, const Trial& trial, Duration patience) {
  const Deadline deadline = trial.deadline.earlier(Deadline::in(patience));
  const bool http = how.size() == 1 && how.front().find(' ') != std::string::npos;
  return http ? by_http(how.front(), trial, deadline) : by_command(how, trial, deadline);
}

Result<std::string> listed_in(const LedgerAsk& ask, const std::string& text) {
  if (!ask.listed) return text;
  auto body = from_json(text);
  if (!body.ok()) return Error{.what = "what was read back is no JSON: " + body.error().what};
  const Value* list = body->pointer(ask.list);
  if (list == nullptr || !list->is_list())
    return Error{.what = fmt::format("what was read back has no list at \"{}\"", ask.list)};
  std::string lines;
  for (const Value& item : list->as_list()) lines += suite::scalar_text(ask.key.empty() ? item : item[ask.key]) + "\n";
  return lines;
}

/// Lines with blanks around them taken off: a number is a number however it is printed.
std::string plain_lines(const std::string& text) {
  std::string lines;
  for (const std::string& line : split(text, '\n'))
    if (const auto word = trim(line); !word.empty()) lines.append(word).append("\n");
  return lines;
}

Result<Remains> list_all(const LedgerAsk& ask, const Trial& trial) {
  MCCOY_TRY(reply, ask_once(ask.read_back, trial, kList));
  if (!reply.there) return Error{.what = reply.why};
  MCCOY_TRY(text, listed_in(ask, reply.text));
  return Remains{.lines = judge::whole_text(plain_lines(text)), .never_written = {}};
}

std::string_view said_of(const LedgerAsk& ask, const std::string& id, const Trial& trial) {
  const auto reply = ask_once(with_id(ask.read_back, id), trial, kEach);
  const bool known = reply.ok() && (reply->there || reply->absent);
  return !known ? "unknown" : reply->there ? "present" : "absent";
}

Result<Remains> ask_each(const LedgerAsk& ask, const LedgerBook& book, const Trial& trial) {
  const std::string nobodys = fmt::format("{}0{:05}", book.prefix(), trial.seed % 100'000);  // no other begins with 0
  Value never_written = Value::map({{"id", nobodys}, {"said", said_of(ask, nobodys, trial)}});
  std::string lines;
  for (const std::string& id : book.ids()) {
    if (trial.deadline.passed() || trial.interrupt->raised())
      return Error{.what = "the time was over before every record was asked for"};
    lines += fmt::format("{}\t{}\n", id, said_of(ask, id, trial));
  }
  return Remains{.lines = judge::whole_text(std::move(lines)), .never_written = std::move(never_written)};
}
}  // namespace

Result<Remains> read_back(const LedgerAsk& ask, const LedgerBook& book, const Trial& trial) {
  return ask.each() ? ask_each(ask, book, trial) : list_all(ask, trial);
}
}  // namespace mccoy::chaos
