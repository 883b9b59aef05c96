// What a probe got back from its target, unjudged. Nothing in it can say "real": it has no word for it.
#pragma once
#include <map>
#include <string>

#include "harness/base/process.hpp"
#include "harness/base/value.hpp"
#include "harness/evidence/blobs.hpp"

namespace mccoy::evidence {
struct Observation {
  /// Named plain figures: {"exit": 0, "wall": ns, "status": 200, "headers": {"content-type": "…"}, "wrote":
  /// ["dist/a.js"]}. Durations are nanoseconds, sizes bytes, header names lower case.
  Value values = Value::map();
  /// Named texts: "stdout", "stderr", "body", "reply", "content".
  std::map<std::string, Output> texts;
};

/// Texts up to this size that are whole and valid UTF-8 stand in the record itself: a file each would cost more than
/// they hold.
constexpr std::size_t kInlineText = 256;

/// The observation as the journal holds it:
///   {"values": {…}, "texts": {"stdout": {"bytes": n, "sha256": digest of all n, "inline": "…"} | {"bytes", "sha256",
///   "dropped": bytes that were not kept, "blob": digest of head + tail, "head": bytes of the blob that are head}}}
/// `dropped` is left out when 0, `head` when all of the blob is head; an empty text is {"bytes": 0}.
///   errors  a blob cannot be kept
Result<Value> keep(const Observation& observation, Blobs& blobs);

/// What keep() made, with the kept bytes loaded again; texts the record does not hold are absent.
///   errors  a blob is missing or changed, a length that cannot be
Result<Observation> observation_from_value(const Value& value, const Blobs& blobs);
}  // namespace mccoy::evidence
