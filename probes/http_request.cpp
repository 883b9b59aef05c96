#include "probes/http_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "harness/target/libcurl.hpp"

namespace mccoy::probes {
namespace {
using target::curl;

struct FreeUrl {
  void operator()(CURLU* url) const { curl().url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;
struct FreeText {
  void operator()(char* text) const { curl().free(text); }
};
using CurlText = std::unique_ptr<char, FreeText>;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl().url_get(url, part, &text, flags) != CURLUE_OK) return {};
  const CurlText owned(text);
  return text;
}

/// Token characters of RFC 9110; a colon is none, so "http://…" is never taken for a method.
bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

/// "GET URL" or "URL".
Status read_head(const suite::Settings& settings, HttpRequest& request) {
  const std::string_view text = trim(settings.head().as_string());
  const auto blank = text.find(' ');
  const bool with_method = blank != std::string_view::npos && is_token(text.substr(0, blank));
  if (with_method) request.method = text.substr(0, blank);
  request.url = with_method ? trim(text.substr(blank)) : text;
  const Url url(curl().url());
  const CURLUcode bad = curl().url_set(url.get(), CURLUPART_URL, request.url.c_str(), CURLU_NON_SUPPORT_SCHEME);
  if (bad != CURLUE_OK)
    return Error{.where = settings.head_span(),
                 .what = fmt::format("\"{}\" is no URL: {}", visible_line(request.url, 120), curl().url_strerror(bad)),
                 .hint = "write it in full: GET http://127.0.0.1:8080/health"};
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https")
    return Error{.where = settings.head_span(),
                 .what = fmt::format("http speaks http and https, not {}", visible_line(scheme)),
                 .hint = {}};
  request.url.replace(0, scheme.size(), scheme);
  return {};
}

Status read_headers(const suite::Settings& settings, HttpRequest& request) {
  for (const auto& [name, value] : settings.value("headers").as_map()) {
    const std::string text = suite::scalar_text(value);
    if (!is_token(name) || text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      return Error{.where = settings.span("headers"),
                   .what = fmt::format("{}: {} cannot be a header", visible_line(name, 60), visible_line(text, 60)),
                   .hint = "a name is letters, digits and dashes; a value has no line end"};
    request.headers.push_back(text.empty() ? name + ";" : name + ": " + text);
  }
  return {};
}

bool has_header(const HttpRequest& request, std::string_view name) {
  return std::ranges::any_of(request.headers, [&](const std::string& header) {
    const auto length = header.find_first_of(":;");
    return lower(header.substr(0, length)) == name;
  });
}

std::string url_encoded(const Value& names) {
  std::string out;
  const auto append = [&](std::string_view text) {
    const CurlText escaped(curl().easy_escape(nullptr, text.data(), static_cast<int>(text.size())));
    out += text.empty() ? "" : escaped.get();
  };
  for (const auto& [name, value] : names.as_map()) {
    if (!out.empty()) out += '&';
    append(name);
    out += '=';
    append(suite::scalar_text(value));
  }
  return out;
}

void set_body(HttpRequest& request, std::string body, std::string_view type) {
  request.body = std::move(body);
  request.has_body = true;
  if (has_header(request, "content-type")) return;
  request.headers.push_back(type.empty() ? "Content-Type:" : fmt::format("Content-Type: {}", type));
}

Status read_body(const suite::Settings& settings, HttpRequest& request) {
  std::vector<std::string_view> given;
  for (const std::string_view name : {"body", "json", "form"})
    if (settings.has(name)) given.push_back(name);
  if (given.size() > 1)
    return Error{.where = settings.span(given[1]),
                 .what = fmt::format("{} and {} are both a body", given[0], given[1]),
                 .hint = "keep one of them"};
  if (given.empty()) return {};
  if (given[0] == "body") set_body(request, settings.text("body"), "");
  if (given[0] == "json") set_body(request, to_json(settings.value("json")), "application/json");
  if (given[0] == "form") set_body(request, url_encoded(settings.value("form")), "application/x-www-form-urlencoded");
  return {};
}
}  // namespace

Result<HttpRequest> read_request(const suite::Settings& settings) {
  HttpRequest request;
  request.span = settings.head_span();
  MCCOY_DO(read_head(settings, request));
  MCCOY_DO(read_headers(settings, request));
  MCCOY_DO(read_body(settings, request));
  request.follow = static_cast<int>(std::clamp<std::int64_t>(settings.integer("follow"), 0, 50));
  request.ca = settings.text("ca");
  request.cert = settings.text("cert");
  request.key = settings.text("key");
  request.insecure = settings.flag("insecure");
  request.connect_to = settings.text("connect_to");
  request.version = settings.text("http_version");
  request.decompress = settings.flag("decompress");
  request.keep = settings.has("keep") ? static_cast<std::size_t>(std::max<std::int64_t>(settings.integer("keep"), 0))
                                      : kKeepOutput;
  return request;
}

std::string address_of(const HttpRequest& request) {
  if (!request.connect_to.empty()) return request.connect_to;
  const Url url(curl().url());
  if (curl().url_set(url.get(), CURLUPART_URL, request.url.c_str(), 0) != CURLUE_OK) return {};
  return part_of(url.get(), CURLUPART_HOST) + ":" + part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
}
}  // namespace mccoy::probes
