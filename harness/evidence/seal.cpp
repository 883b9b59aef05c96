// seal.json: written in one spelling only, so that every byte of it matters.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "harness/base/file.hpp"
#include "harness/evidence/bundle.hpp"

namespace mccoy::evidence {
namespace {
constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kSealBytesMax = std::int64_t{256} << 20;

Value to_value(const Seal& seal) {
  Value files = Value::list();
  for (const Seal::File& file : seal.files)
    files.push(Value::map({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}}));
  const Journal::Extent& journal = seal.journal;
  return Value::map({{"format", kFormat},
                     {"journal", Value::map({{"records", journal.records},
                                             {"head", journal.head},
                                             {"root", journal.root},
                                             {"bytes", journal.bytes},
                                             {"sha256", journal.sha256}})},
                     {"files", std::move(files)}});
}

Seal from_value(const Value& value) {
  const Value& journal = value["journal"];
  Seal seal{.journal = {.records = journal["records"].as_int(),
                        .bytes = journal["bytes"].as_int(),
                        .head = journal["head"].as_string(),
                        .root = journal["root"].as_string(),
                        .sha256 = journal["sha256"].as_string()},
            .files = {}};
  for (const Value& file : value["files"].as_list())
    seal.files.push_back({file["path"].as_string(), file["bytes"].as_int(), file["sha256"].as_string()});
  return seal;
}

/// Below the bundle and nowhere else, each name once.
bool paths_are_sound(const std::vector<Seal::File>& files) {
  const auto sound = [](const Seal::File& file) {
    const std::string inside = '/' + file.path + '/';
    return !file.path.empty() && inside.find("//") == std::string::npos && inside.find("/./") == std::string::npos &&
           inside.find("/../") == std::string::npos;
  };
  const auto not_ascending = [](const Seal::File& a, const Seal::File& b) { return a.path >= b.path; };
  return std::ranges::all_of(files, sound) && std::ranges::adjacent_find(files, not_ascending) == files.end();
}
}  // namespace

std::string seal_text(const Seal& seal) {
  return to_pretty_json(to_value(seal)) + '\n';
}

Result<Seal> parse_seal(std::string_view text) {
  MCCOY_TRY(value, from_json(text));
  if (value["format"].as_int() != kFormat)
    return Error{.what = "has a format that this version does not know",
                 .hint = "it was written by a newer mccoy, or changed"};
  Seal seal = from_value(value);
  // Reading is lenient and comparing is not: what was not understood or spelt otherwise shows as a difference.
  if (seal_text(seal) != text) return Error{.what = "is not spelt as mccoy writes it: it was changed"};
  if (!paths_are_sound(seal.files)) return Error{.what = "names a file outside the bundle, twice or out of order"};
  return seal;
}

Result<Seal> read_seal(const std::string& folder) {
  const std::string path = folder + '/' + std::string(kSealFile);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return system_error(path, errno);
  if (!S_ISREG(status.st_mode)) return Error{.what = path + ": is not a plain file"};
  MCCOY_TRY(text, read_file(path, kSealBytesMax));
  auto seal = parse_seal(text);
  if (!seal.ok()) return Error{.what = path + ": " + seal.error().what, .hint = seal.error().hint};
  return seal;
}
}  // namespace mccoy::evidence
