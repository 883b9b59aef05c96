// tcp: a connection, some bytes there, some bytes back. That nobody listens is an answer, too.
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/probe.hpp"
#include "harness/target/reach.hpp"
#include "probes/dial.hpp"
#include "probes/unstated.hpp"

namespace mccoy::probes {
namespace {
using suite::FieldType;
using suite::Match;
constexpr auto kIdle = std::chrono::seconds(1);
constexpr std::size_t kReadBytes = 64 * 1024;

struct TcpPlan {
  std::string host, path;  ///< path: of a unix socket, relative to the trial's folder
  int port = 0;
  std::string send, read_until;
  bool close = false, reads = false;
  Duration idle{};  ///< zero: no limit but the deadline
  std::size_t keep = kKeepOutput;
  Span span;
};

Status read_head(const suite::Settings& settings, TcpPlan& plan) {
  const std::string text(trim(settings.head().as_string()));
  if (text.starts_with("unix:") && text.size() > 5) {
    plan.path = text.substr(5);
    return {};
  }
  const auto address = target::parse_host_port(text);
  if (address.port == 0)
    return Error{.where = settings.head_span(),
                 .what = fmt::format("\"{}\" is no address", visible_line(text, 120)),
                 .hint = "host:port, [address]:port or unix:/path"};
  plan.host = address.host;
  plan.port = address.port;
  return {};
}

/// "48 65 6c6C 6f" -> bytes.
Result<std::string> bytes_of_hex(std::string text, Span span) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == ':'; });
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    unsigned value = 0;
    const char* end = text.data() + std::min(at + 2, text.size());
    if (at + 2 > text.size() || std::from_chars(text.data() + at, end, value, 16).ptr != end)
      return Error{.where = span,
                   .what = "send_hex holds something else than pairs of hex digits",
                   .hint = "send_hex: \"0d 0a\""};
    bytes += static_cast<char>(value);
  }
  return bytes;
}

Result<TcpPlan> read_plan(const suite::Settings& settings) {
  TcpPlan plan;
  plan.span = settings.head_span();
  MCCOY_DO(read_head(settings, plan));
  if (settings.has("send") && settings.has("send_hex"))
    return Error{
        .where = settings.span("send_hex"), .what = "send and send_hex are both given", .hint = "keep one of them"};
  plan.send = settings.text("send");
  if (settings.has("send_hex")) {
    MCCOY_TRY(bytes, bytes_of_hex(settings.text("send_hex"), settings.span("send_hex")));
    plan.send = std::move(bytes);
  }
  plan.read_until = settings.text("read_until");
  plan.close = settings.flag("close");
  plan.reads = !plan.send.empty() || !plan.read_until.empty() || plan.close || settings.has("idle");
  if (settings.has("idle"))
    plan.idle = settings.duration("idle");
  else if (plan.read_until.empty())
    plan.idle = kIdle;
  if (settings.has("keep")) plan.keep = static_cast<std::size_t>(std::max<std::int64_t>(settings.integer("keep"), 0));
  return plan;
}

/// Finds a text in a stream that comes in pieces.
class Finder {
 public:
  explicit Finder(const std::string& text) : text_(text) {}
  bool found_with(std::string_view piece) {
    if (text_.empty()) return false;
    end_ += piece;
    const bool found = end_.find(text_) != std::string::npos;
    if (end_.size() >= text_.size()) end_.erase(0, end_.size() - text_.size() + 1);
    return found;
  }

 private:
  const std::string& text_;
  std::string end_;
};

class Conversation {
 public:
  Conversation(const TcpPlan& plan, const Trial& trial, int fd)
      : plan_(plan), trial_(trial), fd_(fd), reply_(plan.keep), finder_(plan.read_until) {}

  Result<evidence::Observation> go(evidence::Observation seen) {
    MCCOY_DO(send_all());
    if (plan_.close) ::shutdown(fd_, SHUT_WR);
    if (plan_.reads) MCCOY_DO(read_all());
    seen.values.set("bytes", bytes_in_);
    seen.values.set("closed", closed_);
    if (plan_.reads) seen.texts.emplace("reply", reply_.finish());
    return seen;
  }

 private:
  Status send_all() {
    while (bytes_out_ < plan_.send.size()) {
      const ssize_t sent = ::send(fd_, plan_.send.data() + bytes_out_, plan_.send.size() - bytes_out_, MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes_out_ += static_cast<std::size_t>(sent);
      } else if (errno == EAGAIN) {
        MCCOY_DO(wait(POLLOUT, trial_.deadline, "did not take all that was to be sent"));
      } else if (errno != EINTR) {
        return broke("closed the connection while we were sending", errno);
      }
    }
    return {};
  }

  Status read_all() {
    std::string room(kReadBytes, '\0');
    for (;;) {
      const ssize_t got = ::recv(fd_, room.data(), room.size(), 0);
      if (got == 0) {
        closed_ = true;
        return {};
      }
      if (got > 0) {
        if (take({room.data(), static_cast<std::size_t>(got)})) return {};
      } else if (errno == EAGAIN) {
        const Deadline quiet = plan_.idle == Duration::zero() ? Deadline() : Deadline::in(plan_.idle);
        const bool may_end = quiet.moment() < trial_.deadline.moment();
        const Waited waited = wait_for(fd_, POLLIN, quiet.earlier(trial_.deadline), trial_.interrupt);
        if (waited == Waited::deadline && may_end) return {};
        MCCOY_DO(check(waited, plan_.read_until.empty() ? "went on answering" : "did not send what was waited for"));
      } else if (errno != EINTR) {
        return broke("reset the connection", errno);
      }
    }
  }

  /// True when enough has come.
  bool take(std::string_view piece) {
    if (bytes_in_ == 0)
      trial_.watch->exchanged(fd_, static_cast<std::int64_t>(bytes_out_), static_cast<std::int64_t>(piece.size()));
    bytes_in_ += static_cast<std::int64_t>(piece.size());
    reply_.add(piece);
    return finder_.found_with(piece);
  }

  Status wait(short events, Deadline deadline, std::string_view what) {
    return check(wait_for(fd_, events, deadline, trial_.interrupt), what);
  }
  Status check(Waited waited, std::string_view what) const {
    if (waited == Waited::ready) return {};
    if (waited == Waited::interrupted) return interrupted_error(plan_.span);
    return Error{.where = plan_.span,
                 .what = fmt::format("the server {} within the time allowed; {} had come", what, human_size(bytes_in_)),
                 .hint = "give it more time with `within:`, or find out what it waits for",
                 .cause = std::make_error_code(std::errc::timed_out)};
  }
  Status broke(std::string_view what, int problem) const {
    Error error = system_error(fmt::format("the server {} after {} had come", what, human_size(bytes_in_)), problem);
    error.where = plan_.span;
    return error;
  }

  const TcpPlan& plan_;
  const Trial& trial_;
  int fd_;
  OutputCollector reply_;
  Finder finder_;
  std::size_t bytes_out_ = 0;
  std::int64_t bytes_in_ = 0;
  bool closed_ = false;
};

class TcpProbe final : public Probe {
 public:
  static Result<std::unique_ptr<Probe>> make(const suite::Settings& settings) {
    MCCOY_TRY(plan, read_plan(settings));
    return std::unique_ptr<Probe>(std::make_unique<TcpProbe>(std::move(plan)));
  }
  explicit TcpProbe(TcpPlan plan) : plan_(std::move(plan)) {}

  Result<evidence::Observation> observe(const Trial& trial) override {
    const Instant began = Clock::now();
    MCCOY_TRY(dialled, dial({.host = plan_.host,
                             .port = plan_.port,
                             .path = plan_.path.empty() ? std::string() : absolute(plan_.path, trial.folder),
                             .deadline = trial.deadline,
                             .interrupt = trial.interrupt,
                             .span = plan_.span}));
    evidence::Observation seen;
    seen.values.set("connected", !dialled.refused);
    seen.values.set("refused", dialled.refused);
    seen.values.set("peer", dialled.peer);
    seen.values.set("time_connect", Duration(Clock::now() - began).count());
    if (!dialled.refused) {
      MCCOY_TRY(talked, Conversation(plan_, trial, dialled.fd.get()).go(std::move(seen)));
      seen = std::move(talked);
    }
    seen.values.set("time", Duration(Clock::now() - began).count());
    return seen;
  }

 private:
  TcpPlan plan_;
};

constexpr suite::Field kFields[] = {
    {.name = "send", .type = FieldType::text, .help = "Bytes to send once connected.", .example = "\"PING\\r\\n\""},
    {.name = "send_hex", .type = FieldType::text, .help = "The same as pairs of hex digits.", .example = "\"0d 0a\""},
    {.name = "close",
     .type = FieldType::flag,
     .help = "Close our direction after sending (half-close).",
     .fallback = "false"},
    {.name = "read_until",
     .type = FieldType::text,
     .help = "Stop reading as soon as this text has come; without it reading ends when the server closes or is idle.",
     .example = "\"+PONG\""},
    {.name = "idle",
     .type = FieldType::duration,
     .help =
         "Stop reading when nothing has come for so long; 1s unless read_until is given. Nothing is read when neither "
         "send, close, read_until nor idle is given.",
     .example = "300ms"},
    {.name = "keep",
     .type = FieldType::size,
     .help = "How much of the head and of the tail of the reply is kept; all of it is counted and digested.",
     .fallback = "1MiB"},
};
constexpr suite::ExpectField kExpects[] = {
    {"reply", Match::text, "reply", "What came back."},
    {"json", Match::json, "reply", "Members of the reply read as JSON."},
    {"json_match", Match::matcher, "reply", "Members of the reply read as JSON, each matched by pattern or number."},
    {"connected", Match::flag, "connected", "The connection was taken.", "true", "*"},
    {"refused", Match::flag, "refused", "The connection must be refused: nobody listens."},
    {"closed", Match::flag, "closed", "The server closed the connection."},
    {"bytes", Match::size, "bytes", "Size of the reply."},
    {"time", Match::duration, "time", "All of it."},
    {"time_connect", Match::duration, "time_connect", "Until the connection stood."},
};
constexpr std::string_view kSources[] = {"reply", "connected", "refused", "closed",
                                         "bytes", "peer",      "time",    "time_connect"};

std::vector<suite::Obligation> default_contract(const suite::Settings& settings, const std::string& service) {
  const auto plan = read_plan(settings);
  return answered_by(service, plan.ok() && !plan->send.empty());
}

std::string address(const suite::Settings& settings) {
  const auto plan = read_plan(settings);
  if (!plan.ok()) return {};
  return plan->path.empty() ? target::to_text({.host = plan->host, .port = plan->port}) : "unix:" + plan->path;
}
}  // namespace

const ProbeKind& tcp_kind() {
  static const suite::KindSchema schema{
      .name = "tcp",
      .summary = "connects to a TCP port or unix socket, sends bytes and looks at what comes back",
      .head = {.name = "tcp",
               .type = FieldType::text,
               .help = "host:port, [address]:port or unix:/path.",
               .required = true,
               .example = "127.0.0.1:6379"},
      .fields = kFields,
      .expects = kExpects,
      .sources = kSources,
      .main_text = "reply",
      .default_contract =
          "the service of the suite that has this address owns the socket that answered, and bytes went both ways "
          "if any were sent; nothing for an address that is no service of the suite"};
  static const ProbeKind kind{
      .schema = &schema, .make = &TcpProbe::make, .default_contract = &default_contract, .address = &address};
  return kind;
}
}  // namespace mccoy::probes
