#include "harness/evidence/observation.hpp"

#include "harness/base/digest.hpp"
#include "harness/base/text.hpp"

namespace mccoy::evidence {
namespace {
Result<Value> keep_text(const Output& output, Blobs& blobs) {
  Value text = Value::map({{"bytes", output.bytes}});
  if (output.bytes == 0 && output.head.empty() && output.tail.empty()) return text;
  text.set("sha256", output.sha256);
  if (output.dropped != 0) text.set("dropped", output.dropped);
  if (output.whole() && output.tail.empty() && output.head.size() <= kInlineText && is_utf8(output.head)) {
    text.set("inline", output.head);
    return text;
  }
  MCCOY_TRY(digest, blobs.put(output.head + output.tail));
  text.set("blob", digest);
  if (!output.tail.empty()) text.set("head", output.head.size());
  return text;
}

Result<Output> text_from_value(const std::string& name, const Value& value, const Blobs& blobs) {
  Output output{.bytes = value["bytes"].as_int(), .sha256 = value["sha256"].as_string()};
  output.dropped = value["dropped"].as_int();
  if (output.bytes < 0 || output.dropped < 0) return Error{.what = name + " has a negative length in the journal"};
  if (const Value* text = value.find("inline")) {
    output.head = text->as_string();
  } else if (const Value* blob = value.find("blob")) {
    MCCOY_TRY(bytes, blobs.get(blob->as_string()));
    const auto size = static_cast<std::int64_t>(bytes.size());
    const std::int64_t head = value["head"].as_int(size);
    if (head < 0 || head > size) return Error{.what = name + " is kept in fewer bytes than the journal says"};
    output.tail = bytes.substr(static_cast<std::size_t>(head));
    bytes.resize(static_cast<std::size_t>(head));
    output.head = std::move(bytes);
  } else if (output.bytes == 0 && output.sha256.empty()) {
    output.sha256 = sha256("");
  }
  return output;
}
}  // namespace

Result<Value> keep(const Observation& observation, Blobs& blobs) {
  Value texts = Value::map();
  for (const auto& [name, output] : observation.texts) {
    MCCOY_TRY(text, keep_text(output, blobs));
    texts.set(name, std::move(text));
  }
  return Value::map({{"values", observation.values}, {"texts", std::move(texts)}});
}

Result<Observation> observation_from_value(const Value& value, const Blobs& blobs) {
  Observation observation;
  if (value["values"].is_map()) observation.values = value["values"];
  for (const auto& [name, text] : value["texts"].as_map()) {
    MCCOY_TRY(output, text_from_value(name, text, blobs));
    observation.texts.emplace(name, std::move(output));
  }
  return observation;
}
}  // namespace mccoy::evidence
