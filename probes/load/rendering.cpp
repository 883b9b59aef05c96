#include "probes/load/rendering.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/random.hpp"
#include "probes/load/draw.hpp"
#include "probes/load/http_fields.hpp"

namespace mccoy::load {
namespace {
constexpr std::size_t kNonceLength = 20;
constexpr std::string_view kNonceLetters = "abcdefghijklmnopqrstuvwxyz234567";  // five bits each
constexpr std::uint64_t kPathPlace = 0, kBodyPlace = 1, kHeaderPlace = 2;

/// Methods for which a body of no bytes is stated.
bool states_empty_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}
}  // namespace

bool has_header(const Request& request, std::string_view lower_case) {
  return std::ranges::any_of(request.headers,
                             [&](const Header& header) { return equal_ignoring_case(header.name, lower_case); });
}

std::uint64_t Rendering::key_of(std::string_view key) {
  return derive_seed(0x6D63636F79, key);
}

void Rendering::request(const RequestPlan& plan, std::string_view authority, const RequestFacts& facts,
                        std::string& out) {
  const Request& asked = *plan.asked;
  if (plan.protocol == Protocol::tcp) return text(asked.body, facts, kBodyPlace, out);
  out.append(asked.method).append(1, ' ');
  text(asked.path, facts, kPathPlace, out);
  out.append(" HTTP/1.1\r\n");
  if (!has_header(asked, "host")) out.append("Host: ").append(authority).append("\r\n");
  std::uint64_t place = kHeaderPlace;
  for (const auto& header : asked.headers) {
    out.append(header.name).append(": ");
    text(header.value, facts, place++, out);
    out.append("\r\n");
  }
  body_.clear();
  text(asked.body, facts, kBodyPlace, body_);
  const bool stated = has_header(asked, "content-length") || has_header(asked, "transfer-encoding");
  if (!stated && (!body_.empty() || states_empty_body(asked.method)))
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", body_.size());
  if (!profile_.reuse && !has_header(asked, "connection")) out.append("Connection: close\r\n");
  out.append("\r\n").append(body_);
}

void Rendering::text(const Template& pieces, const RequestFacts& facts, std::uint64_t place, std::string& out) const {
  std::uint64_t at = place << 8;
  for (const auto& each : pieces) piece(each, facts, at++, out);
}

void Rendering::piece(const Piece& piece, const RequestFacts& facts, std::uint64_t place, std::string& out) const {
  switch (piece.kind) {
    case Piece::Kind::literal:
      out.append(piece.text);
      break;
    case Piece::Kind::unique:
      fmt::format_to(std::back_inserter(out), "{}", profile_.unique_first + facts.journey);
      break;
    case Piece::Kind::nonce:
      add_nonce(facts, out);
      break;
    case Piece::Kind::column: {
      const Table& table = profile_.tables[piece.table];
      const std::uint64_t row =
          table.order == Table::Order::in_turn
              ? facts.turn % table.rows.size()
              : below(draw(profile_.seed, facts.journey, Purpose::row, table.drawn_as), table.rows.size());
      out.append(table.rows[row][piece.column]);
      break;
    }
    case Piece::Kind::capture:
      if (facts.variables != nullptr) out.append((*facts.variables)[piece.variable]);
      break;
    case Piece::Kind::random: {
      const auto bits = draw(profile_.seed, facts.journey, Purpose::number, place + (std::uint64_t{facts.step} << 16));
      const auto width = static_cast<std::uint64_t>(piece.high) - static_cast<std::uint64_t>(piece.low) + 1;
      const auto offset = width == 0 ? bits : below(bits, width);  // 0: all of 64 bits
      fmt::format_to(std::back_inserter(out), "{}",
                     static_cast<std::int64_t>(static_cast<std::uint64_t>(piece.low) + offset));
      break;
    }
  }
}

std::string Rendering::nonce(const RequestFacts& facts) const {
  std::string out;
  add_nonce(facts, out);
  return out;
}

void Rendering::add_nonce(const RequestFacts& facts, std::string& out) const {
  std::uint64_t bits = 0, round = 0;
  for (std::size_t i = 0; i < kNonceLength; ++i, bits >>= 5) {
    if (i % 12 == 0) bits = mixed(mixed(key_ + ++round) ^ mixed(facts.journey) ^ mixed(mixed(facts.step)));
    out.push_back(kNonceLetters[i == 0 ? bits % 26 : bits % 32]);
  }
}
}  // namespace mccoy::load
