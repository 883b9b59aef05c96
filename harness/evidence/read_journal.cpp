// Reads a journal as its writer spelt it, and says where it stops being one.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "harness/base/digest.hpp"
#include "harness/base/json_check.hpp"
#include "harness/base/owned.hpp"
#include "harness/evidence/record_line.hpp"

namespace mccoy::evidence {
namespace {
constexpr std::size_t kChunk = std::size_t{256} << 10;

/// Reads at most `size` bytes to `to`; 0 at the end.
using Source = std::function<Result<std::size_t>(char* to, std::size_t size)>;

/// A source line by line. Memory is one line, at most kRecordBytesMax, whatever comes.
class Lines {
 public:
  enum class Got { line, end, unfinished, nuls, too_long };
  explicit Lines(Source source) : source_(std::move(source)) {}

  /// line: whole, without its newline, valid until the next call. The others end the reading:
  /// nothing more came; bytes without newline; only NULs; more than a record can be.
  Result<Got> next(std::string_view& line) {
    for (std::size_t searched = start_;;) {
      const std::size_t end = buffer_.find('\n', searched);
      if (end != std::string::npos && end - start_ <= kRecordBytesMax) {
        line = std::string_view(buffer_).substr(start_, end - start_);
        start_ = end + 1;
        return Got::line;
      }
      const std::string_view rest = std::string_view(buffer_).substr(start_);
      if (all_nul(rest)) return rest_is_nul();
      if (rest.size() > kRecordBytesMax) return Got::too_long;
      searched = rest.size();
      MCCOY_TRY(more, fill());
      if (!more) return buffer_.empty() ? Got::end : Got::unfinished;
    }
  }

 private:
  static bool all_nul(std::string_view bytes) {
    return !bytes.empty() && bytes.find_first_not_of('\0') == std::string_view::npos;
  }

  Result<bool> fill() {
    buffer_.erase(0, std::exchange(start_, 0));
    const std::size_t old = buffer_.size();
    buffer_.resize(old + kChunk);
    auto count = source_(buffer_.data() + old, kChunk);
    buffer_.resize(old + (count.ok() ? *count : 0));
    if (!count.ok()) return std::move(count).error();
    return *count > 0;
  }

  /// The space for a record can be many pages of zeros after a power cut, more than memory should hold.
  Result<Got> rest_is_nul() {
    for (bool others = false;;) {
      buffer_.clear();
      start_ = 0;
      MCCOY_TRY(more, fill());
      if (!more) return others ? Got::unfinished : Got::nuls;
      if (buffer_.find('\n') != std::string::npos) return Got::too_long;
      others = others || !all_nul(buffer_);
    }
  }

  Source source_;
  std::string buffer_;
  std::size_t start_ = 0;  ///< of what was not handed out yet
};

class Reader {
 public:
  Reader(JournalReading& reading, const std::function<void(const Record&)>& each) : reading_(reading), each_(each) {
    reading_.head = kNoHash;
  }

  /// False when the line is not the next record of a valid chain; reading.why then says so.
  bool take(std::string_view line) {
    LineParts parts;
    if (!take_apart(line, parts)) return refuse("is not a journal record");
    if (closed_) return refuse("stands after the close record");
    if (parts.seq != reading_.records + 1)
      return refuse(fmt::format("has sequence number {} where {} must stand", parts.seq, reading_.records + 1));
    if (parts.prev != reading_.head) return refuse("does not follow the line before it (prev differs)");
    if (sha256(parts.hashed) != parts.hash) return refuse("was changed: its hash is not that of its bytes");
    Value body;
    if (each_ || !surely_json(parts.body)) {
      auto read = from_json(parts.body);
      if (!read.ok()) return refuse("has a body that is not JSON: " + read.error().what);
      body = std::move(read).value();
    }
    accept(line, parts, std::move(body));
    return true;
  }

  void finish(Lines::Got ended) {
    if (!reading_.why.empty() || ended == Lines::Got::too_long) {
      reading_.state = JournalState::corrupt;
      if (reading_.why.empty()) refuse("is longer than a record can be, or holds NULs and more");
    } else if (ended == Lines::Got::unfinished || ended == Lines::Got::nuls) {
      reading_.state = JournalState::torn;
      refuse(ended == Lines::Got::nuls ? "is made of NULs: a crash while writing"
                                       : "has no end: a crash while writing, or the file was cut");
    } else {
      reading_.state = closed_ ? JournalState::complete : JournalState::incomplete;
    }
    reading_.root = root_.hex();
    reading_.sha256 = all_.hex();
  }

 private:
  bool refuse(const std::string& why) {
    reading_.why = fmt::format("line {} {}", reading_.records + 1, why);
    return false;
  }

  void accept(std::string_view line, const LineParts& parts, Value body) {
    reading_.records = parts.seq;
    reading_.head = parts.hash;
    reading_.valid_bytes += static_cast<std::int64_t>(line.size()) + 1;
    root_.add(line);
    all_.update(line);
    all_.update("\n");
    closed_ = parts.type == kCloseType;
    if (each_) each_({parts.seq, parts.wall_ms, parts.mono_us, std::string(parts.type), std::move(body)});
  }

  JournalReading& reading_;
  const std::function<void(const Record&)>& each_;
  MerkleRoot root_;
  Sha256 all_;
  bool closed_ = false;
};
Source file_source(int fd) {
  return [fd](char* to, std::size_t size) -> Result<std::size_t> {
    ssize_t count = 0;
    do count = ::read(fd, to, size);
    while (count < 0 && errno == EINTR);
    if (count < 0) return system_error("cannot be read", errno);
    return static_cast<std::size_t>(count);
  };
}

Source memory_source(std::string_view bytes) {
  return [bytes](char* to, std::size_t size) mutable -> Result<std::size_t> {
    const std::size_t count = bytes.copy(to, size);
    bytes.remove_prefix(count);
    return count;
  };
}

Status read_all(Source source, JournalReading& reading, const std::function<void(const Record&)>& each) {
  Reader reader(reading, each);
  Lines lines(std::move(source));
  for (std::string_view line;;) {
    MCCOY_TRY(got, lines.next(line));
    if (got == Lines::Got::line && reader.take(line)) continue;
    reader.finish(got);
    return {};
  }
}
}  // namespace

std::string_view to_text(JournalState state) {
  constexpr std::string_view kNames[] = {"complete", "incomplete", "torn", "corrupt"};
  return kNames[static_cast<std::size_t>(state)];
}

Result<JournalReading> read_journal(const std::string& path, const std::function<void(const Record&)>& each) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!fd) return system_error(path, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return system_error(path, errno);
  if (!S_ISREG(status.st_mode)) return Error{.what = path + ": not a regular file"};
  JournalReading reading;
  reading.file_bytes = status.st_size;
  if (auto read = read_all(file_source(fd.get()), reading, each); !read.ok())
    return Error{.what = path + ": " + read.error().what, .cause = read.error().cause};
  return reading;
}

JournalReading read_journal_bytes(std::string_view bytes, const std::function<void(const Record&)>& each) {
  JournalReading reading;
  reading.file_bytes = static_cast<std::int64_t>(bytes.size());
  MCCOY_CHECK(read_all(memory_source(bytes), reading, each).ok());
  return reading;
}
}  // namespace mccoy::evidence
