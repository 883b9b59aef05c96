// What can be done to a sealed bundle with an editor; each must be noticed and named.
#include <sys/stat.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/harness/evidence/scratch.hpp"

namespace mccoy::evidence {
namespace {
namespace data = boost::unit_test::data;

struct Victim {
  Scratch scratch;
  std::string folder = sealed_bundle(scratch), other = sealed_bundle(scratch, "other");
  std::string journal = folder + "/journal.jsonl", seal = folder + "/seal.json";
  std::vector<std::string> lines = lines_of(bytes_of(journal));
  std::vector<Seal::File> files = read_seal(folder)->files;
  std::string blob = folder + '/' + files[0].path, second = folder + '/' + files[1].path;

  void journal_of(const std::vector<std::string>& changed) const { put_bytes(journal, joined(changed)); }
  void reseal(const Seal& changed) const { put_bytes(seal, seal_text(changed)); }
};

using Tamper = void (*)(const Victim& victim);
struct Row {
  std::string_view title;
  Tamper tamper;
  std::string_view says;  ///< in one of the problems
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.title;
}

Seal seal_of(const Victim& victim) {
  return read_seal(victim.folder).value();
}
void write_over(const std::string& from, const std::string& to) {
  put_bytes(to, bytes_of(from));
}
void linked(const std::string& path) {
  const std::string moved = path + ".moved-away";
  if (::rename(path.c_str(), moved.c_str()) != 0 || ::symlink(moved.c_str(), path.c_str()) != 0) std::abort();
}

const Row kRows[] = {
    {"journal deleted", [](const Victim& v) { ::unlink(v.journal.c_str()); }, "journal.jsonl is missing"},
    {"journal emptied", [](const Victim& v) { put_bytes(v.journal, ""); }, "another number of records"},
    {"journal replaced by a link", [](const Victim& v) { linked(v.journal); }, "is a link"},
    {"journal cut at the last record boundary",
     [](const Victim& v) {
       v.journal_of({v.lines[0], v.lines[1]});
     },
     "another number of records"},
    {"journal cut at the first record boundary", [](const Victim& v) { v.journal_of({v.lines[0]}); },
     "another number of records"},
    {"journal cut inside a record",
     [](const Victim& v) {
       v.journal_of({v.lines[0], v.lines[1].substr(0, 20)});
     },
     "line 2 has no end"},
    {"journal with NULs behind it",
     [](const Victim& v) {
       v.journal_of({joined(v.lines), std::string(100, '\0')});
     },
     "NULs"},
    {"first record deleted",
     [](const Victim& v) {
       v.journal_of({v.lines[1], v.lines[2]});
     },
     "sequence number 2"},
    {"record deleted",
     [](const Victim& v) {
       v.journal_of({v.lines[0], v.lines[2]});
     },
     "sequence number 3"},
    {"record doubled",
     [](const Victim& v) {
       v.journal_of({v.lines[0], v.lines[0], v.lines[1], v.lines[2]});
     },
     "sequence number 1"},
    {"records swapped",
     [](const Victim& v) {
       v.journal_of({v.lines[1], v.lines[0], v.lines[2]});
     },
     "sequence number 2"},
    {"record inserted",
     [](const Victim& v) {
       v.journal_of({v.lines[0], "{\"seq\":2}\n", v.lines[1], v.lines[2]});
     },
     "line 2 is not a journal record"},
    {"record appended",
     [](const Victim& v) {
       v.journal_of({joined(v.lines), v.lines[2]});
     },
     "after the close record"},
    {"whole journal of another run", [](const Victim& v) { write_over(v.other + "/journal.jsonl", v.journal); },
     "another last hash"},
    {"journal written anew with a valid chain",
     [](const Victim& v) {
       ::unlink(v.journal.c_str());
       write_journal(v.journal, 2, true);
     },
     "another Merkle root"},
    {"seal deleted", [](const Victim& v) { ::unlink(v.seal.c_str()); }, "seal.json is missing"},
    {"seal emptied", [](const Victim& v) { put_bytes(v.seal, ""); }, "seal.json"},
    {"seal of another run", [](const Victim& v) { write_over(v.other + "/seal.json", v.seal); }, "another last hash"},
    {"seal replaced by a link", [](const Victim& v) { linked(v.seal); }, "seal.json: is not a plain file"},
    {"seal with a blank more", [](const Victim& v) { put_bytes(v.seal, bytes_of(v.seal) + " "); }, "not spelt"},
    {"seal with an unknown member",
     [](const Victim& v) {
       std::string text = bytes_of(v.seal);
       put_bytes(v.seal, text.insert(1, "\n  \"verdict\": \"proven\","));
     },
     "not spelt"},
    {"seal that names a file twice",
     [](const Victim& v) {
       Seal seal = seal_of(v);
       seal.files.push_back(seal.files.back());
       v.reseal(seal);
     },
     "twice or out of order"},
    {"seal that names a file outside",
     [](const Victim& v) {
       Seal seal = seal_of(v);
       seal.files.insert(seal.files.begin(), {"../../etc/passwd", 1, seal.files[0].sha256});
       v.reseal(seal);
     },
     "outside the bundle"},
    {"seal that forgets a blob",
     [](const Victim& v) {
       Seal seal = seal_of(v);
       seal.files.pop_back();
       v.reseal(seal);
     },
     "is not in the seal"},
    {"seal for a shorter journal",
     [](const Victim& v) {
       Seal seal = seal_of(v);
       --seal.journal.records;
       v.reseal(seal);
     },
     "another number of records"},
    {"blob deleted", [](const Victim& v) { ::unlink(v.blob.c_str()); }, "is missing"},
    {"blob emptied", [](const Victim& v) { put_bytes(v.blob, ""); }, "was changed"},
    {"blob made longer", [](const Victim& v) { put_bytes(v.blob, bytes_of(v.blob) + "x"); }, "was changed"},
    {"blobs swapped",
     [](const Victim& v) {
       const std::string bytes = bytes_of(v.blob);
       write_over(v.second, v.blob);
       put_bytes(v.second, bytes);
     },
     "was changed"},
    {"blob renamed", [](const Victim& v) { ::rename(v.blob.c_str(), (v.blob + "0").c_str()); }, "is missing"},
    {"blob replaced by a link", [](const Victim& v) { linked(v.blob); }, "is a link"},
    {"blob replaced by a folder",
     [](const Victim& v) {
       ::unlink(v.blob.c_str());
       ::mkdir(v.blob.c_str(), 0755);
     },
     "is missing"},
    {"blob replaced by a pipe",
     [](const Victim& v) {
       ::unlink(v.blob.c_str());
       if (::mkfifo(v.blob.c_str(), 0644) != 0) std::abort();
     },
     "is not a plain file"},
    {"folder of blobs replaced by a link", [](const Victim& v) { linked(v.folder + "/blobs"); }, "blobs is a link"},
    {"file added", [](const Victim& v) { put_bytes(v.folder + "/report.html", "all passed"); },
     "report.html is not in the seal"},
    {"file added among the blobs", [](const Victim& v) { put_bytes(v.folder + "/blobs/extra", ""); },
     "is not in the seal"},
    {"hidden file added", [](const Victim& v) { put_bytes(v.folder + "/.new-1", ""); }, "is not in the seal"},
    {"file in a deep folder",
     [](const Victim& v) {
       if (!make_dirs(v.folder + "/a/b/c/d/e/f/g/h/i/j/k").ok()) std::abort();
       put_bytes(v.folder + "/a/b/c/d/e/f/g/h/i/j/k/file", "");
     },
     "is not a plain file"},
};
}  // namespace

BOOST_AUTO_TEST_SUITE(tampering)

BOOST_DATA_TEST_CASE(is_noticed_and_named, data::make(kRows), row) {
  const Victim victim;
  row.tamper(victim);
  const auto integrity = check_integrity(victim.folder).value();
  BOOST_TEST((integrity.state != Integrity::State::intact));
  std::string all;
  for (const std::string& problem : integrity.problems) all += problem + '\n';
  BOOST_TEST(all.find(row.says) != std::string::npos, all);
}

BOOST_AUTO_TEST_CASE(every_byte_of_every_file_counts) {
  const Victim victim;
  for (const std::string& path : {victim.journal, victim.seal, victim.blob, victim.second}) {
    const std::string original = bytes_of(path);
    for (std::size_t i = 0; i < original.size(); ++i) {
      std::string changed = original;
      changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ (1U << (i % 8)));
      put_bytes(path, changed);
      const auto integrity = check_integrity(victim.folder);
      if (!integrity.ok() || integrity->state != Integrity::State::broken || integrity->problems.empty())
        BOOST_ERROR("byte " << i << " of " << path << " was changed unseen");
    }
    put_bytes(path, original);
  }
  BOOST_TEST(to_text(check_integrity(victim.folder)->state) == "intact");
}

BOOST_AUTO_TEST_CASE(a_seal_has_one_spelling) {
  const Victim victim;
  const std::string text = bytes_of(victim.seal);
  BOOST_TEST(seal_text(parse_seal(text).value()) == text);
  for (std::size_t i = 0; i < text.size(); ++i)
    for (const char other : {' ', '\t', '0', 'A', '\n'}) {
      std::string changed = text;
      if (changed[i] == other) continue;
      changed[i] = other;
      const auto seal = parse_seal(changed);
      if (seal.ok() && seal_text(*seal) != changed) BOOST_ERROR("another spelling was accepted at byte " << i);
    }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::evidence
