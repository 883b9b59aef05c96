// A journal of any bytes: never more than a valid prefix, which read by itself is the same records and nothing else.
#include "harness/evidence/journal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace mccoy;
  using evidence::JournalState;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::int64_t records = 0;
  const auto reading = evidence::read_journal_bytes(text, [&](const evidence::Record& record) {
    MCCOY_CHECK(record.seq == ++records);
    MCCOY_CHECK(!record.type.empty());
  });
  MCCOY_CHECK(reading.records == records);
  MCCOY_CHECK(reading.valid_bytes <= reading.file_bytes);
  const bool whole = reading.state == JournalState::complete || reading.state == JournalState::incomplete;
  MCCOY_CHECK(whole == (reading.valid_bytes == reading.file_bytes));
  MCCOY_CHECK(whole == reading.why.empty());
  const auto prefix = evidence::read_journal_bytes(text.substr(0, static_cast<std::size_t>(reading.valid_bytes)), {});
  MCCOY_CHECK(prefix.why.empty());
  MCCOY_CHECK(prefix.records == records);
  MCCOY_CHECK(prefix.head == reading.head);
  MCCOY_CHECK(prefix.root == reading.root);
  MCCOY_CHECK(prefix.sha256 == reading.sha256);
  return 0;
}
