// Keeps declared secrets out of everything that is written: evidence, reports, the screen. Each secret is looked for as
// it is and in the encodings of secret_forms.hpp, all in one pass; time is linear in the text. A secret split by
// something else (wrapped base64, a separator between bytes, letters changed) is not found. In base64 up to four bits
// of the secret may stay in the character on either side, because they share it with bytes that are not secret.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/value.hpp"

namespace mccoy {
struct Secret {
  std::string name;  ///< shown in its place: "[masked NAME]"
  std::string value;
};

class MaskStream;

/// Knows the secrets of a run. Copies share their counts; may be used by several threads at once.
class Masker {
 public:
  static constexpr std::size_t kShortestSecret = 4;  ///< bytes; less would mask half of every text

  Masker() : Masker(std::vector<Secret>{}, Checked{}) {}  ///< masks nothing
  /// A last line end belongs to no secret. Of a secret with several lines, each line is one too, if 8 bytes or longer.
  ///   errors  a secret under four bytes: too short to mask safely
  static Result<Masker> make(const std::vector<Secret>& secrets);

  std::string mask(std::string_view bytes) const;
  /// Strings and keys; a number that spells a secret becomes a string. Keys made equal by masking are numbered.
  Value mask_value(const Value& value) const;
  /// There is no secret to be found, and mask_value() would only make a copy. (Large records are worth the question.)
  bool has_nothing_to_mask(const Value& value) const;
  /// For text that comes in chunks; a secret that lies across two of them is found all the same.
  MaskStream stream() const;
  /// How often each secret was masked so far, by name, in the order the secrets were given. Those never seen are 0.
  std::vector<std::pair<std::string, std::uint64_t>> counts() const;

 private:
  friend class MaskStream;
  struct Checked {};
  struct Known;
  Masker(const std::vector<Secret>& secrets, Checked);
  Value mask_inside(const Value& value) const;
  Value mask_map(const Value::Map& members) const;
  std::shared_ptr<Known> known_;
};

/// Masks one text given in chunks. What comes out does not depend on where the chunks end. Holds back only bytes that
/// may still turn out to be the beginning of a secret: at most the longest pattern.
class MaskStream {
 public:
  std::string feed(std::string_view chunk);
  std::string finish();  ///< the rest; the stream then starts anew

 private:
  friend class Masker;
  explicit MaskStream(std::shared_ptr<Masker::Known> known) : known_(std::move(known)) {}

  /// Bytes to be replaced, as offsets in the whole text; overlapping finds are one run.
  struct Run {
    std::uint64_t begin = 0, end = 0;
    std::size_t label = 0;             ///< the secret that begins first
    std::vector<std::size_t> secrets;  ///< all that were found in it
  };
  void found(Run run);
  void count(const Run& run);
  void write_until(std::uint64_t safe, std::string& out);
  void write_plain(std::uint64_t end, std::string& out);

  std::shared_ptr<Masker::Known> known_;
  std::uint32_t state_ = 0;
  std::uint64_t read_ = 0;     ///< bytes fed
  std::uint64_t written_ = 0;  ///< bytes that have left, plain or masked
  std::string held_;           ///< bytes held_from_ .. read_
  std::uint64_t held_from_ = 0;
  std::vector<Run> runs_;  ///< sorted, disjoint, none written yet
  Run last_;               ///< the last one written: what overlaps it belongs to it
};
}  // namespace mccoy
