// Responses as they may come from anywhere: whatever the pieces, the end, the status and the body are the same, and
// nothing behind the end is read.
#include "harness/base/error.hpp"
#include "probes/load/response_reader.hpp"

namespace {
using namespace mccoy::load;

struct Kept final : ResponseSink {
  void head(std::string_view part) override { heads.append(part); }
  void body(std::string_view part) override { bodies.append(part); }
  std::string heads, bodies;
};

struct Seen {
  Kept kept;
  std::size_t taken = 0;
  ResponseReader::State state;
  int status = 0;
  bool keep_alive = false;
};

Seen read(std::string_view bytes, std::size_t piece, bool head_request) {
  Seen seen;
  ResponseReader reader;
  reader.start(head_request, 1 << 20);
  while (seen.taken < bytes.size() && !reader.done() && !reader.wrong())
    seen.taken += reader.feed(bytes.substr(seen.taken, piece), &seen.kept);
  reader.end();
  MCCOY_CHECK(seen.taken <= bytes.size());
  MCCOY_CHECK(reader.body_bytes() >= seen.kept.bodies.size());
  seen.state = reader.state();
  seen.status = reader.status();
  seen.keep_alive = reader.keep_alive();
  return seen;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const bool head_request = (data[0] & 1) != 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Seen whole = read(bytes, bytes.size() + 1, head_request);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
    const Seen pieces = read(bytes, piece, head_request);
    MCCOY_CHECK(pieces.state == whole.state);
    if (whole.state != ResponseReader::State::done) continue;
    MCCOY_CHECK(pieces.taken == whole.taken && pieces.status == whole.status);
    MCCOY_CHECK(pieces.keep_alive == whole.keep_alive);
    MCCOY_CHECK(pieces.kept.heads == whole.kept.heads && pieces.kept.bodies == whole.kept.bodies);
  }
  return 0;
}
