#include "probes/load_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "harness/base/text.hpp"

namespace mccoy::probes {
namespace {
constexpr const char* kHint = "write GET http://127.0.0.1:8080/path, tcp://host:port or unix:/path";

bool is_method(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
}

struct Scheme {
  std::string_view prefix;
  load::Protocol protocol;
  bool tls;
  int port;
};
constexpr Scheme kSchemes[] = {{"http://", load::Protocol::http1, false, 80},
                               {"https://", load::Protocol::http1, true, 443},
                               {"tcp://", load::Protocol::tcp, false, 0},
                               {"tls://", load::Protocol::tcp, true, 0}};
}  // namespace

bool split_authority(std::string_view authority, std::string& host, int& port) {
  std::string_view rest;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return false;
    host = authority.substr(1, close - 1);
    rest = authority.substr(close + 1);
  } else {
    const auto colon = authority.find(':');
    host = authority.substr(0, colon);
    rest = colon == std::string_view::npos ? "" : authority.substr(colon);
  }
  if (host.empty() || host.find_first_of(" {}") != std::string::npos) return false;
  if (rest.empty()) return port != 0;
  const auto [end, problem] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), port);
  return rest[0] == ':' && problem == std::errc() && end == rest.data() + rest.size() && port > 0 && port < 65536;
}

Result<LoadAddress> read_load_address(const Said& said) {
  const std::string whole = said.text();
  std::string_view text = trim(whole);
  LoadAddress address;
  const auto blank = text.find(' ');
  if (blank != std::string_view::npos && is_method(text.substr(0, blank))) {
    address.method = text.substr(0, blank);
    text = trim(text.substr(blank));
  }
  if (text.starts_with('/')) {
    address.path = text;
    return address;
  }
  if (text.starts_with("unix:/")) {
    address.target.name = text;
    address.target.protocol = load::Protocol::tcp;
    address.target.unix_path = text.substr(std::min(text.find_first_not_of('/', 5), text.size()) - 1);
    return address;
  }
  const auto* scheme = std::ranges::find_if(kSchemes, [&](const Scheme& row) { return text.starts_with(row.prefix); });
  if (scheme == std::end(kSchemes))
    return said.refuse(fmt::format("\"{}\" is no address of a target", visible_line(text, 80)), kHint);
  const std::string_view rest = text.substr(scheme->prefix.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  address.path = rest.substr(authority.size());
  address.path.resize(std::min(address.path.size(), address.path.find('#')));
  if (address.path.starts_with('?')) address.path.insert(0, "/");
  int port = scheme->port;
  std::string host;
  if (authority.find('@') != std::string_view::npos)
    return said.refuse("a user and a password in a URL are sent to nobody", "write headers: { Authorization: … }");
  if (!split_authority(authority, host, port))
    return said.refuse(fmt::format("\"{}\" is no host and port", visible_line(authority, 80)), kHint);
  address.target = {.name = std::string(scheme->prefix) + std::string(authority),
                    .protocol = scheme->protocol,
                    .host = std::move(host),
                    .port = port,
                    .unix_path = {},
                    .authority = std::string(authority),
                    .tls = scheme->tls ? std::optional<load::Tls>(load::Tls{}) : std::nullopt};
  return address;
}
}  // namespace mccoy::probes
