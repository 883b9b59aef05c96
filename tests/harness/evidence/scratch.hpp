// Small journals and bundles to be damaged, in a private folder.
#pragma once
#include <fcntl.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "harness/base/file.hpp"
#include "harness/evidence/bundle.hpp"

namespace mccoy::evidence {
class Scratch {
 public:
  Scratch() : folder_(TempDir::make("/tmp", "mccoy-evidence-").value()) {}
  std::string path(const std::string& name) const { return folder_.path() + '/' + name; }

 private:
  TempDir folder_;
};

inline std::string bytes_of(const std::string& path) {
  return read_file(path, std::int64_t{1} << 30).value();
}

/// Replaces a file that may be read-only; without a sync, as these are many.
inline void put_bytes(const std::string& path, std::string_view bytes) {
  ::unlink(path.c_str());
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd || !write_all(fd.get(), bytes).ok()) std::abort();
}

/// A journal of `records` records of the type "note" (numbered from 1) and, if asked, a close record.
inline void write_journal(const std::string& path, int records, bool close) {
  auto journal = Journal::create(path).value();
  for (int i = 1; i <= records; ++i)
    if (!journal.append("note", Value::map({{"text", "record " + std::to_string(i)}}), Durable::no).ok()) std::abort();
  if (close && !journal.append("close", Value::map(), Durable::yes).ok()) std::abort();
}

inline JournalReading read(const std::string& path) {
  return read_journal(path, {}).value();
}

inline std::vector<std::string> lines_of(const std::string& bytes) {
  std::vector<std::string> lines;
  for (std::size_t start = 0, end = 0; (end = bytes.find('\n', start)) != std::string::npos; start = end + 1)
    lines.push_back(bytes.substr(start, end + 1 - start));
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line;
  return all;
}

/// A sealed bundle with a few records and two blobs; returns its folder.
inline std::string sealed_bundle(const Scratch& scratch, const std::string& name = "bundle") {
  auto bundle = Bundle::create(scratch.path(name)).value();
  const auto out = bundle.blobs().put("what the target printed").value();
  const auto err = bundle.blobs().put(std::string(300, '\xff')).value();
  for (const std::string& blob : {out, err})
    if (!bundle.journal().append("trial", Value::map({{"blob", blob}}), Durable::no).ok()) std::abort();
  if (!bundle.seal(Value::map({{"reason", "finished"}})).ok()) std::abort();
  return bundle.folder();
}
}  // namespace mccoy::evidence
