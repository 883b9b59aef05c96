// Puts the texts of requests together. One per thread; asks for memory only while its buffers grow.
#pragma once
#include <string>
#include <vector>

#include "probes/load/plan.hpp"

namespace mccoy::load {
/// Which request it is: all that its pieces depend on.
struct RequestFacts {
  std::uint64_t journey = 0;  ///< its number
  std::uint16_t step = 0;
  const std::vector<std::string>* variables = nullptr;  ///< captured so far; null: none
  std::uint64_t turn = 0;                               ///< chooses rows that are taken in turn
};

class Rendering {
 public:
  explicit Rendering(const Profile& profile) : profile_(profile) {}  ///< the profile must outlive it
  /// The bytes of an HTTP/1.1 request, or of a raw one; appended.
  void request(const RequestPlan& plan, std::string_view authority, const RequestFacts& facts, std::string& out);
  /// One text; appended. `place` tells the texts of one request apart (random pieces differ by it).
  void text(const Template& pieces, const RequestFacts& facts, std::uint64_t place, std::string& out) const;
  std::string nonce(const RequestFacts& facts) const;

 private:
  void piece(const Piece& piece, const RequestFacts& facts, std::uint64_t place, std::string& out) const;
  void add_nonce(const RequestFacts& facts, std::string& out) const;

  const Profile& profile_;
  std::uint64_t key_ = key_of(profile_.nonce_key);
  static std::uint64_t key_of(std::string_view key);
  std::string body_;
};
/// True when a header of that name is asked for.
bool has_header(const Request& request, std::string_view lower_case);
}  // namespace mccoy::load
