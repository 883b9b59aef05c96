#include "harness/target/via/http_stages.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "harness/base/random.hpp"
#include "harness/target/via/http_reader.hpp"
#include "harness/target/via/link.hpp"

namespace mccoy::via {
namespace {
/// A request that was read, until its response is through.
struct Asked {
  bool head_only = false;
  bool meant = false;  ///< the fault is for this one
  bool whole = false;  ///< its last byte was read
};

/// What the two stages of a link share.
struct Talk {
  Link& link;
  const Stage* answers = nullptr;  ///< the stage of the responses
  std::deque<Asked> asked;
  bool lost = false;
};
bool is_answered_here(const Fault& fault, const Asked& asked) {
  return fault.kind == FaultKind::http_status && asked.meant;
}
/// A stage that reads HTTP: what is let through is collected into the chunk that is being passed.
class HttpStage : public Stage {
 public:
  HttpStage(std::shared_ptr<Applied> applied, std::shared_ptr<Talk> talk, HttpReader::IsHead* is_head)
      : Stage(std::move(applied)),
        talk_(std::move(talk)),
        reader_(is_head, {.head = [this](std::string head) { return on_head(std::move(head)); },
                          .body = [this](std::string_view bytes) { on_body(bytes); },
                          .end = [this] { on_end(); },
                          .other = [this](std::string_view bytes) { let_through(bytes); }}) {}
  void give_up(std::vector<Chunk>& on) override {
    reader_.get_lost();
    hand_on(on, Clock::now());
  }

 protected:
  virtual Framing on_head(std::string head) = 0;
  virtual void on_body(std::string_view bytes) { let_through(bytes); }
  virtual void on_end() = 0;
  void let_through(std::string_view bytes) { through_ += bytes; }
  void hand_on(std::vector<Chunk>& on, Instant came) {
    close_piece();
    for (Chunk& piece : pieces_) {
      piece.came = came;
      on.push_back(std::move(piece));
    }
    pieces_.clear();
  }
  void close_piece() {
    if (!through_.empty()) pieces_.push_back({.bytes = std::exchange(through_, {})});
  }
  /// Answers those whose turn it is.
  void answer() {
    std::deque<Asked>& asked = talk_->asked;
    while (!asked.empty() && is_answered_here(fault(), asked.front()) && asked.front().whole) {
      const bool head_only = asked.front().head_only;
      asked.pop_front();
      ++talk_->link.answered_by_proxy;
      ++readings().requests_changed;
      touch();
      say(made_response(fault().status, head_only));
    }
  }
  /// To the client, behind all that it was told by now.
  virtual void say(std::string response) = 0;
  void both_get_lost() {
    if (!talk_->lost) ++readings().not_http;
    talk_->lost = true;
    talk_->asked.clear();
  }

  std::shared_ptr<Talk> talk_;
  HttpReader reader_;
  std::vector<Chunk> pieces_;  ///< of the pass that goes on
  std::string through_;        ///< the last of them, as far as it has come
};

class Requests final : public HttpStage {
 public:
  Requests(std::shared_ptr<Applied> applied, std::shared_ptr<Talk> talk, std::uint64_t seed)
      : HttpStage(std::move(applied), std::move(talk), &looks_like_request), random_(seed) {}

  void pass(Chunk chunk, std::vector<Chunk>& on) override {
    const bool waits = !begun_ && !looks_like_request(chunk.bytes);
    if (waits || talk_->lost) {
      if (!waits) reader_.get_lost();
      hand_on(on, chunk.came);
      on.push_back(std::move(chunk));
      return;
    }
    begun_ = true;
    reader_.read(chunk.bytes);
    if (chunk.then != Then::go_on) reader_.source_ended();
    hand_on(on, chunk.came);
    if (reader_.lost()) both_get_lost();
    if (chunk.then != Then::go_on) on.push_back({.then = chunk.then, .came = chunk.came});
  }

 private:
  Framing on_head(std::string head) override {
    ++readings().requests;
    const bool meant = random_.unit() * 100 < fault().share;
    talk_->asked.push_back({.head_only = method_of(head) == "HEAD", .meant = meant});
    here_ = is_answered_here(fault(), talk_->asked.back());
    const Framing framing = framing_of_request(head);
    if (!here_) let_through(head);
    return framing;
  }
  void on_body(std::string_view bytes) override {
    if (!here_) let_through(bytes);
  }
  void on_end() override {
    if (talk_->asked.empty()) return;  // it was answered before it was whole
    talk_->asked.back().whole = true;
    answer();
  }

  void say(std::string response) override {
    if (talk_->answers != nullptr) talk_->link.to_client().say(std::move(response), *talk_->answers);
  }

  Random random_;
  bool begun_ = false, here_ = false;
};

class Responses final : public HttpStage {
 public:
  Responses(std::shared_ptr<Applied> applied, std::shared_ptr<Talk> talk)
      : HttpStage(std::move(applied), std::move(talk), &looks_like_response) {}
  ~Responses() override { talk_->answers = nullptr; }

  bool delays() const override { return fault().kind == FaultKind::http_delay; }
  void pass(Chunk chunk, std::vector<Chunk>& on) override {
    const bool waits = !begun_ && talk_->asked.empty();
    if (cut_ || waits || talk_->lost) {
      if (cut_) {
        readings().bytes_dropped += static_cast<std::int64_t>(chunk.bytes.size());
        return;
      }
      if (!waits) reader_.get_lost();
      hand_on(on, chunk.came);
      on.push_back(std::move(chunk));
      return;
    }
    begun_ = true;
    extra_ = {};
    reader_.read(chunk.bytes);
    if (chunk.then != Then::go_on) reader_.source_ended();
    const std::size_t first = on.size();
    hand_on(on, chunk.came);
    if (on.size() > first) on[first].extra = extra_;
    if (reader_.lost()) both_get_lost();
    const Then then = cut_ ? Then::close : chunk.then;
    if (then != Then::go_on) on.push_back({.then = then, .came = chunk.came});
  }

 private:
  Framing on_head(std::string head) override {
    const int status = status_of(head);
    const bool known = !talk_->asked.empty();
    meant_ = known && talk_->asked.front().meant && status >= 200;
    const Framing framing = framing_of_response(head, known && talk_->asked.front().head_only);
    final_ = status >= 200;
    body_ = 0;
    if (status == 101) talk_->lost = true;  // another protocol from here on
    if (meant_ && fault().kind == FaultKind::http_type) {
      head = with_header(head, "Content-Type", fault().text);
      changed();
    }
    if (meant_ && fault().kind == FaultKind::http_delay) {
      extra_ = fault().delay;
      changed();
    }
    let_through(head);
    return framing;
  }
  void on_body(std::string_view bytes) override {
    if (!meant_ || fault().kind != FaultKind::http_truncate) return let_through(bytes);
    const std::size_t room = static_cast<std::size_t>(std::max<std::int64_t>(0, fault().bytes - body_));
    body_ += static_cast<std::int64_t>(bytes.size());
    let_through(bytes.substr(0, room));
    if (bytes.size() <= room) return;
    readings().bytes_dropped += static_cast<std::int64_t>(bytes.size() - std::min(room, bytes.size()));
    if (!cut_) {
      changed();
      ++readings().closes;
    }
    cut_ = true;
  }
  void on_end() override {
    if (!final_ || talk_->asked.empty()) return;
    talk_->asked.pop_front();
    answer();
  }
  void say(std::string response) override {
    close_piece();
    pieces_.push_back({.bytes = std::move(response), .made = true});
  }
  void changed() {
    ++readings().requests_changed;
    touch();
  }

  bool begun_ = false, meant_ = false, final_ = true, cut_ = false;
  std::int64_t body_ = 0;
  Duration extra_{};
};
}  // namespace

void lay_http(const std::shared_ptr<Applied>& applied, Link& link) {
  ++applied->readings.under;
  const auto talk = std::make_shared<Talk>(Talk{.link = link, .asked = {}});
  auto responses = std::make_unique<Responses>(applied, talk);
  talk->answers = responses.get();
  const std::uint64_t seed = derive_seed(applied->fault.seed, std::to_string(link.id()) + "/requests");
  link.to_service().add(std::make_unique<Requests>(applied, talk, seed));
  link.to_client().add_first(std::move(responses));
}
}  // namespace mccoy::via
