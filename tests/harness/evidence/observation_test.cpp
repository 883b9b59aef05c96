#include "harness/evidence/observation.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/digest.hpp"
#include "tests/harness/evidence/scratch.hpp"

namespace mccoy::evidence {
namespace {
Output output_of(const std::string& bytes, std::size_t keep = 1 << 20) {
  OutputCollector collector(keep);
  collector.add(bytes);
  return collector.finish();
}

Observation through_json(const Observation& observation, Blobs& blobs) {
  const Value kept = keep(observation, blobs).value();
  auto loaded = observation_from_value(from_json(to_json(kept)).value(), blobs);
  BOOST_REQUIRE(loaded.ok());
  return *loaded;
}

void same(const Output& a, const Output& b) {
  BOOST_TEST(a.bytes == b.bytes);
  BOOST_TEST(a.sha256 == b.sha256);
  BOOST_TEST(a.head == b.head);
  BOOST_TEST(a.tail == b.tail);
  BOOST_TEST(a.dropped == b.dropped);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(observation)

BOOST_AUTO_TEST_CASE(figures_and_texts_of_every_shape_survive_the_journal) {
  const Scratch scratch;
  Blobs blobs(scratch.path("blobs"));
  Observation before;
  before.values = Value::map({{"exit", 0}, {"wall", 123}, {"headers", Value::map({{"content-type", "text/plain"}})}});
  before.texts["empty"] = output_of("");
  before.texts["short"] = output_of("ready\n");
  before.texts["limit"] = output_of(std::string(kInlineText, 'x'));
  before.texts["above"] = output_of(std::string(kInlineText + 1, 'x'));
  before.texts["binary"] = output_of(std::string("\0\xff\n", 3));
  before.texts["cut"] = output_of(std::string(1000, 'h') + std::string(1000, 'm') + std::string(1000, 't'), 1000);
  before.texts["halves"] = output_of(std::string(1000, 'h') + std::string(500, 't'), 1000);
  const Observation after = through_json(before, blobs);
  BOOST_TEST((after.values == before.values));
  BOOST_TEST(after.texts.size() == before.texts.size());
  for (const auto& [name, output] : before.texts) BOOST_TEST_CONTEXT(name) {
      same(after.texts.at(name), output);
    }
  BOOST_TEST(after.texts.at("cut").dropped == 1000);
}

BOOST_AUTO_TEST_CASE(only_texts_that_are_long_cut_or_not_utf8_become_blobs) {
  const Scratch scratch;
  Blobs blobs(scratch.path("blobs"));
  Observation seen;
  seen.texts["empty"] = output_of("");
  seen.texts["short"] = output_of("ready\n");
  const Value kept = keep(seen, blobs).value();
  BOOST_TEST(blobs.kept().empty());
  BOOST_TEST(to_json(kept["texts"]["empty"]) == R"({"bytes":0})");
  BOOST_TEST(kept["texts"]["short"]["inline"].as_string() == "ready\n");
  BOOST_TEST(kept["texts"]["short"]["sha256"].as_string() == sha256("ready\n"));
  seen.texts["binary"] = output_of("\xff");
  BOOST_TEST(keep(seen, blobs).value()["texts"]["binary"]["blob"].as_string() == sha256("\xff"));
  BOOST_TEST(blobs.kept().size() == 1);
}

BOOST_AUTO_TEST_CASE(a_missing_or_changed_blob_is_an_error_not_an_empty_text) {
  const Scratch scratch;
  Blobs blobs(scratch.path("blobs"));
  Observation seen;
  seen.texts["stdout"] = output_of(std::string(5000, 'x'));
  const Value kept = keep(seen, blobs).value();
  const std::string path = blobs.folder() + '/' + Blobs::place(kept["texts"]["stdout"]["blob"].as_string());
  put_bytes(path, std::string(5000, 'y'));
  BOOST_TEST(!observation_from_value(kept, blobs).ok());
  ::unlink(path.c_str());
  BOOST_TEST(!observation_from_value(kept, blobs).ok());
}

BOOST_AUTO_TEST_CASE(lengths_that_cannot_be_are_an_error) {
  const Scratch scratch;
  Blobs blobs(scratch.path("blobs"));
  const std::string digest = blobs.put("four").value();
  const auto refused = [&](const Value& text) {
    return !observation_from_value(Value::map({{"texts", Value::map({{"stdout", text}})}}), blobs).ok();
  };
  BOOST_TEST(!refused(Value::map({{"bytes", 4}, {"blob", digest}})));
  BOOST_TEST(refused(Value::map({{"bytes", -4}, {"blob", digest}})));
  BOOST_TEST(refused(Value::map({{"bytes", 4}, {"blob", digest}, {"head", 5}})));
  BOOST_TEST(refused(Value::map({{"bytes", 4}, {"blob", digest}, {"head", -1}})));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::evidence
