// Bytes kept by their digest: BUNDLE/blobs/ab/abcdef…; written once, read back only when the digest still holds.
// Any number of threads may write.
//
// Durability is lazy: put() writes to a private temporary name and renames, and sync() makes everything put so far
// durable in one go. The journal calls sync() before each of its own fdatasyncs, so a durable record never names bytes
// that are not.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "harness/base/error.hpp"

namespace mccoy::evidence {
class Blobs {
 public:
  /// `folder` need not be there; it is made (0700) with the first blob.
  explicit Blobs(std::string folder);
  Blobs(Blobs&&) noexcept;
  Blobs& operator=(Blobs&&) noexcept;
  ~Blobs();
  /// errors: cannot be kept (full disk, no permission). The same bytes twice are one file.
  Result<std::string> put(std::string_view bytes);  ///< returns the digest
  /// errors: missing, or its bytes do not have this digest
  Result<std::string> get(std::string_view sha256) const;
  /// fsyncs every file and folder that is not yet. After the first error it fails for ever: a repeated fsync may lie.
  Status sync();
  /// What put() kept: digest -> bytes.
  std::map<std::string, std::int64_t> kept() const;
  const std::string& folder() const;
  /// Where a digest lies below the folder: "ab/abcdef…".
  static std::string place(std::string_view sha256);

 private:
  struct State;
  std::unique_ptr<State> state_;
};
}  // namespace mccoy::evidence
