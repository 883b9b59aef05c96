// requests and sequences of a load case -> journeys; declared in load_plan.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "probes/load_amounts.hpp"
#include "probes/load_checks.hpp"
#include "probes/load_plan.hpp"
#include "probes/load_target.hpp"
#include "probes/load_words.hpp"

namespace mccoy::probes {
namespace {
/// Letters of either case are the same in a name.
bool is_header(const load::Header& header, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(header.name, name, {}, lower, lower);
}

bool same_place(const load::Target& a, const load::Target& b) {
  return a.host == b.host && a.port == b.port && a.unix_path == b.unix_path && a.protocol == b.protocol &&
         a.tls.has_value() == b.tls.has_value();
}

class RequestReader {
 public:
  RequestReader(const Said& said, const std::string& folder, LoadPlan& plan)
      : said_(said), folder_(folder), plan_(plan) {}

  Status read() {
    MCCOY_DO(read_all_data());
    MCCOY_DO(read_base());
    const Said requests = said_["requests"], sequences = said_["sequences"];
    if (requests.given() || sequences.given()) {
      MCCOY_DO(refuse_alone());
      for (std::size_t i = 0; i < requests.size(); ++i) MCCOY_DO(single(requests.key(i), requests.member(i)));
      for (std::size_t i = 0; i < sequences.size(); ++i) MCCOY_DO(sequence(sequences.key(i), sequences.member(i)));
      if (plan_.profile.journeys.empty())
        return requests.refuse("there is no request in it", "name one: login: POST /login");
    } else {
      Captured none;
      load::Journey journey;
      journey.name = kOnlyRequest;
      MCCOY_TRY(request, step(std::string(kOnlyRequest), said_, said_["load"], none));
      journey.steps.push_back(std::move(request));
      plan_.profile.journeys.push_back(std::move(journey));
    }
    plan_.profile.tables = data_.take_tables();
    return {};
  }

 private:
  Status read_all_data() {
    const Said data = said_["data"];
    for (std::size_t i = 0; i < data.size(); ++i) {
      const Said one = data.at(i);
      if (one["file"].open()) {
        guesses_ = true;
        continue;
      }
      MCCOY_TRY(named, read_data(one, folder_));
      if (data_.has(named.name))
        return one.refuse(fmt::format("two tables are called \"{}\"", named.name),
                          "give each a name: { file: …, name: … }");
      data_.add(std::move(named));
    }
    return {};
  }

  /// The target the paths of the requests belong to.
  Status read_base() {
    const Said head = said_["load"];
    if (head.open()) {
      base_.target.name = "?";
      base_.target.host = "127.0.0.1";
      base_.target.port = 1;
      const std::string text = head.text();
      base_known_ = false;
      if (text.starts_with("tcp:") || text.starts_with("tls:") || text.starts_with("unix:"))
        base_.target.protocol = load::Protocol::tcp;
      return {};
    }
    MCCOY_TRY(address, read_load_address(head));
    if (address.target.name.empty())
      return head.refuse(fmt::format("\"{}\" does not say which server", visible_line(head.text(), 80)),
                         "write it in full: POST http://127.0.0.1:8080/orders");
    base_ = std::move(address);
    return {};
  }

  /// What describes the one request of a case has no place beside several.
  Status refuse_alone() const {
    for (const char* field : {"json", "form", "body", "response"})
      if (said_[field].given())
        return said_[field].refuse(fmt::format("{} belongs to each of the requests", field), "move it below requests");
    if (base_known_ && !base_.method.empty())
      return said_["load"].refuse("each of the requests says its method", "write the address only");
    return {};
  }

  Status name_is_new(const std::string& name, const Said& place) {
    if (name.empty() || name.size() > 100 || name.find_first_of("{}:,\t\n") != std::string::npos)
      return place.refuse(fmt::format("\"{}\" is no name for a request", visible_line(name, 40)), "for example login");
    if (std::ranges::find(plan_.requests, name) != plan_.requests.end())
      return place.refuse(fmt::format("a request is called \"{}\" already", name), "give each its own name");
    plan_.requests.push_back(name);
    return {};
  }

  static Result<double> weight(const Said& said) {
    const Said given = said["weight"];
    if (!given.given() || given.open()) return 1.0;
    const double value = given.value().as_double();
    if (!(value > 0))
      return given.refuse("a weight of nothing is never chosen", "write a number above 0, or remove it");
    return value;
  }

  Status single(const std::string& name, const Said& said) {
    Captured captured;
    load::Journey journey;
    journey.name = name;
    MCCOY_TRY(how_often, weight(said));
    journey.weight = how_often;
    MCCOY_TRY(request, step(name, said, said["request"], captured));
    if (!captured.empty())
      return said["capture"].refuse("nothing comes after this request that could use it",
                                    "make steps of a sequence of them");
    journey.steps.push_back(std::move(request));
    plan_.profile.journeys.push_back(std::move(journey));
    return {};
  }

  Status sequence(const std::string& name, const Said& said) {
    Captured captured;
    load::Journey journey;
    journey.name = name;
    MCCOY_TRY(how_often, weight(said));
    journey.weight = how_often;
    const Said steps = said["steps"];
    if (steps.size() == 0) return said.refuse(fmt::format("{} has no steps", name), "steps: { login: POST /login }");
    for (std::size_t i = 0; i < steps.size(); ++i) {
      MCCOY_TRY(request, step(steps.key(i), steps.member(i), steps.member(i)["request"], captured));
      journey.steps.push_back(std::move(request));
    }
    journey.variables = captured.size();
    plan_.profile.journeys.push_back(std::move(journey));
    return {};
  }

  Result<load::Request> step(const std::string& name, const Said& said, const Said& where, Captured& captured) {
    MCCOY_DO(name_is_new(name, said));
    load::Request request;
    request.name = name;
    MCCOY_TRY(address, address_of(where));
    MCCOY_TRY(target, target_of(address));
    request.target = target;
    const bool http = plan_.profile.targets[target].protocol != load::Protocol::tcp;
    if (!address.method.empty()) request.method = address.method;
    MCCOY_TRY(path, words(address.path.empty() ? "/" : address.path, where, Written::url, captured));
    if (http) MCCOY_DO(path_is_one_word(path, where));
    if (http) request.path = std::move(path);
    MCCOY_DO(headers(said_["headers"], captured, request));
    if (&said != &said_) MCCOY_DO(headers(said["headers"], captured, request));
    MCCOY_DO(body(said, captured, request));
    MCCOY_DO(ends(said, http, request));
    double share = 1;
    if (const Said sample = said["sample"]; sample.given() && !sample.open()) {
      MCCOY_TRY(read, read_share(sample));
      share = read;
    }
    MCCOY_TRY(checks, read_response_checks(said[&said == &said_ ? "response" : "expect"], share, http));
    request.checks = std::move(checks);
    if (&said != &said_) {
      MCCOY_TRY(captures, read_load_captures(said["capture"], name, captured));
      request.captures = std::move(captures);
    }
    if (const Said pause = said["pause"]; pause.given() && !pause.open())
      request.pause = Duration(pause.value().as_int());
    if (const Said timeout = said["timeout"]; timeout.given() && !timeout.open()) {
      MCCOY_TRY(span, read_span(timeout, "timeout"));
      request.response_timeout = span;
    }
    return request;
  }

  static Status path_is_one_word(const load::Template& path, const Said& where) {
    const auto odd = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
    for (const load::Piece& piece : path)
      if (std::ranges::any_of(piece.text, odd))
        return where.refuse("a blank ends the path of a request", "write %20 for a blank, %0A for a line end");
    return {};
  }

  /// A path belongs to the server of the case; so does a method alone with ${…}, as far as can be told.
  Result<LoadAddress> address_of(const Said& where) const {
    if (!where.open()) {
      MCCOY_TRY(address, read_load_address(where));
      if (address.target.name.empty()) address.target = base_.target;
      return address;
    }
    LoadAddress guess = base_;
    const std::string text = where.text();
    const auto path = text.find('/', text.find('}') == std::string::npos ? 0 : text.find('}'));
    guess.path = path == std::string::npos || text.find('{', 0) > path ? "/" : text.substr(path);
    if (guess.path.find("${") != std::string::npos) guess.path = without_variables(guess.path);
    return guess;
  }

  /// ${…} that is not known yet stands for some text.
  static std::string without_variables(std::string text) {
    for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at))
      text.erase(at, text.find('}', at) - at + 1);
    return text;
  }

  Result<std::size_t> target_of(const LoadAddress& address) {
    load::Target target = address.target;
    const auto known = std::ranges::find_if(asked_, [&](const auto& other) { return same_place(other, target); });
    if (known != asked_.end()) return static_cast<std::size_t>(known - asked_.begin());
    asked_.push_back(target);
    if (said_["http_version"].text() == "2" && target.protocol == load::Protocol::http1)
      target.protocol = load::Protocol::http2;
    if (target.tls) tls(*target.tls);
    MCCOY_DO(connect_to(target));
    plan_.profile.targets.push_back(std::move(target));
    return plan_.profile.targets.size() - 1;
  }

  void tls(load::Tls& tls) const {
    tls.verify = !said_["insecure"].value().as_bool();
    const auto file = [&](const char* field) {
      return said_[field].given() ? absolute(said_[field].text(), folder_) : std::string();
    };
    tls.ca_file = file("ca");
    tls.cert_file = file("cert");
    tls.key_file = file("key");
  }

  Status connect_to(load::Target& target) const {
    const Said to = said_["connect_to"];
    if (!to.given() || to.open()) return {};
    const std::string text = to.text();
    if (target.tls && target.tls->server_name.empty()) target.tls->server_name = target.host;
    if (text.starts_with("unix:/")) {
      target.unix_path = text.substr(5);
      target.host.clear();
      return {};
    }
    target.port = 0;
    if (!split_authority(text, target.host, target.port))
      return to.refuse(fmt::format("\"{}\" is no address", visible_line(text, 60)),
                       "write host:port, [::1]:port or unix:/path");
    return {};
  }

  Result<load::Template> words(std::string_view text, const Said& place, Written written, const Captured& captured) {
    if (guesses_) return load::Template{};  // the data is not known yet, so neither are its names
    return read_template(text, place, written, data_, captured);
  }

  Status headers(const Said& given, const Captured& captured, load::Request& request) {
    for (std::size_t i = 0; i < given.size(); ++i) {
      const std::string& name = given.key(i);
      const Said value = given.member(i);
      const std::string text = value.text();
      if (name.empty() || name.find_first_of(" :\r\n\t") != std::string::npos ||
          text.find_first_of("\r\n") != std::string::npos)
        return value.refuse(fmt::format("{}: {} cannot be a header", visible_line(name, 60), visible_line(text, 60)),
                            "a name is letters, digits and dashes; a value has no line end");
      MCCOY_TRY(pieces, words(text, value, Written::line, captured));
      std::erase_if(request.headers, [&](const load::Header& other) { return is_header(other, name); });
      request.headers.push_back({name, std::move(pieces)});
    }
    return {};
  }

  Status body(const Said& said, const Captured& captured, load::Request& request) {
    std::vector<const char*> given;
    for (const char* field : {"json", "form", "body"})
      if (said[field].given()) given.push_back(field);
    if (given.size() > 1)
      return said[given[1]].refuse(fmt::format("{} and {} are both a body", given[0], given[1]), "keep one of them");
    if (given.empty()) return {};
    const Said value = said[given[0]];
    if (value.value().is_map() || std::string_view(given[0]) == "json")
      return structured(given[0], value, captured, request);
    MCCOY_TRY(pieces, words(value.text(), value, Written::plain, captured));
    request.body = std::move(pieces);
    return {};
  }

  Status structured(std::string_view field, const Said& value, const Captured& captured, load::Request& request) {
    if (field == "json") {
      MCCOY_TRY(pieces, words(to_json(value.value()), value, Written::json, captured));
      request.body = std::move(pieces);
      return type(request, "application/json");
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      MCCOY_TRY(name, words((i > 0 ? "&" : "") + value.key(i) + "=", value, Written::url, captured));
      MCCOY_TRY(text, words(value.member(i).text(), value.member(i), Written::url, captured));
      for (load::Piece& piece : text)
        if (piece.kind == load::Piece::Kind::literal) piece.text = as_form(piece.text);
      request.body.insert(request.body.end(), name.begin(), name.end());
      request.body.insert(request.body.end(), text.begin(), text.end());
    }
    return type(request, "application/x-www-form-urlencoded");
  }

  static std::string as_form(const std::string& text) {
    std::string out;
    for (const char c : text) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         std::string_view("-._~").find(c) != std::string_view::npos;
      out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return out;
  }

  static Status type(load::Request& request, const char* type) {
    const bool said = std::ranges::any_of(request.headers,
                                          [](const load::Header& header) { return is_header(header, "Content-Type"); });
    if (!said) request.headers.push_back({"Content-Type", {{.kind = load::Piece::Kind::literal, .text = type}}});
    return {};
  }

  /// Where an answer without a protocol of its own ends.
  static Status ends(const Said& said, bool http, load::Request& request) {
    const Said end = said["answer_ends"], bytes = said["answer_bytes"];
    if (http && (end.given() || bytes.given()))
      return (end.given() ? end : bytes).refuse("an HTTP answer says by itself where it ends", "remove it");
    if (http) return {};
    if (end.given() == bytes.given())
      return said.refuse("where does an answer end?", "add answer_ends: \"\\n\" or answer_bytes: 4");
    if (said["json"].given() == false && said["body"].given() == false)
      return said.refuse("nothing is sent", "add body: \"PING\\n\"");
    request.until = end.text();
    if (bytes.given() && bytes.value().as_int() < 1)
      return bytes.refuse("an answer of no bytes is none", "for example 4");
    if (bytes.given()) request.bytes = static_cast<std::size_t>(bytes.value().as_int());
    return {};
  }

  const Said& said_;
  const std::string& folder_;
  LoadPlan& plan_;
  LoadData data_;
  LoadAddress base_;
  std::vector<load::Target> asked_;  ///< parallel to the targets: as they were said, before connect_to
  bool base_known_ = true, guesses_ = false;
};
}  // namespace

Status plan_requests(const Said& said, const std::string& folder, LoadPlan& plan) {
  return RequestReader(said, folder, plan).read();
}
}  // namespace mccoy::probes
