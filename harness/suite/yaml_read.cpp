// YAML text -> Node through yaml-cpp, and yaml-cpp's complaints in our words; declared in node.hpp.
#include <fmt/format.h>
#include <sys/stat.h>
#include <yaml-cpp/exceptions.h>

#include <algorithm>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/suite/yaml_builder.hpp"

namespace mccoy::suite {
namespace {
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Error at_offset(std::string_view text, std::string_view file, std::size_t offset, std::string what, std::string hint) {
  const auto before = text.substr(0, offset);
  const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {.where = {.file = file,
                    .line = static_cast<int>(std::ranges::count(before, '\n')) + 1,
                    .column = static_cast<int>(offset - line_start) + 1},
          .what = std::move(what),
          .hint = std::move(hint)};
}

/// Bytes YAML does not allow; yaml-cpp would take some of them for the end of the file.
Status check_bytes(std::string_view text, std::string_view file) {
  if (const auto [line, column] = first_bad_utf8(text); line > 0) {
    return Error{
        .where = {.file = file, .line = line, .column = column}, .what = "not UTF-8", .hint = "save the file as UTF-8"};
  }
  const auto bad = std::ranges::find_if(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F;
  });
  if (bad == text.end()) return {};
  return at_offset(text, file, static_cast<std::size_t>(bad - text.begin()),
                   fmt::format("a control byte (0x{:02x}) in the file", static_cast<unsigned char>(*bad)),
                   "remove it, or write it as an escape in double quotes");
}

std::string_view line_of(std::string_view text, int line) {
  for (int skip = 1; skip < line; ++skip) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

struct Advice {
  std::string_view message;  ///< yaml-cpp's
  std::string_view what;     ///< ours; "" = the same
  std::string_view hint;
  bool about_a_bracket = false;  ///< the place of the opening one says more
};
const Advice kAdvice[] = {
    {YAML::ErrorMsg::MAP_VALUE, "a \":\" where no value can start", "put a text that contains \": \" in quotes"},
    {YAML::ErrorMsg::MAP_KEY, "a key where no key can start", "check the indentation"},
    {YAML::ErrorMsg::BLOCK_ENTRY, "a \"-\" where no list can start", "put list items on lines of their own"},
    {YAML::ErrorMsg::END_OF_MAP, "a map that goes on with something that is no key", "check the indentation"},
    {YAML::ErrorMsg::END_OF_MAP_FLOW, "a \"{\" without its \"}\"", "close it, or put the text in quotes", true},
    {YAML::ErrorMsg::END_OF_SEQ, "a list that goes on with something that is no \"- \"", "check the indentation"},
    {YAML::ErrorMsg::END_OF_SEQ_FLOW, "a \"[\" without its \"]\"", "close it, or put the text in quotes", true},
    {YAML::ErrorMsg::EOF_IN_SCALAR, "a quoted text without its closing quote", "close it before the end of the file"},
    {YAML::ErrorMsg::DOC_IN_SCALAR, "a quoted text without its closing quote", "close it before the next document"},
    {YAML::ErrorMsg::FLOW_END, "a closing bracket without its opening one", "put a text with brackets in quotes"},
    {YAML::ErrorMsg::UNKNOWN_ANCHOR, "an alias (*) to an anchor that is not defined above",
     "put a text that starts with * in quotes"},
    {YAML::ErrorMsg::ALIAS_NOT_FOUND, "a \"*\" without a name", "put a text that starts with * in quotes"},
    {YAML::ErrorMsg::ANCHOR_NOT_FOUND, "a \"&\" without a name", "put a text that starts with & in quotes"},
    {YAML::ErrorMsg::UNKNOWN_TOKEN, "a character no value can start with", "put the text in quotes"},
    {YAML::ErrorMsg::BAD_FILE, "nested too deep", "no suite needs that; flatten it"},
};

Error syntax_error(const YamlComplaint& complaint, std::string_view text, std::string_view file) {
  Error error{.where = {.file = file, .line = complaint.line, .column = complaint.column},
              .what = "not YAML: " + complaint.message,
              .hint = "check the indentation and the quotes"};
  const auto* known = std::ranges::find(kAdvice, std::string_view(complaint.message), &Advice::message);
  if (known != std::end(kAdvice)) {
    error.what = "not YAML: " + std::string(known->what);
    error.hint = known->hint;
    if (known->about_a_bracket && complaint.open_bracket.line > 0) error.where = complaint.open_bracket;
  } else if (complaint.message.starts_with(YAML::ErrorMsg::INVALID_ESCAPE)) {
    error.what = "not YAML: an unknown escape (\\) in a text in double quotes";
    error.hint = "double the backslash, or use single quotes";
  }
  const auto source = line_of(text, complaint.line);
  if (const auto tab = source.substr(0, source.find_first_not_of(" \t")).find('\t'); tab != std::string_view::npos) {
    error.where.column = static_cast<int>(tab) + 1;
    error.what = "not YAML: a tab in the indentation";
    error.hint = "indent with blanks";
  }
  return error;
}

Result<Node> build(std::string_view text, std::string_view file, int shift) {
  auto built = build_nodes(text, file, shift);
  if (auto* node = std::get_if<Node>(&built)) return std::move(*node);
  if (auto* error = std::get_if<Error>(&built)) return std::move(*error);
  return syntax_error(*std::get_if<YamlComplaint>(&built), text, file);
}

Error too_large(const std::string& path, std::int64_t bytes) {
  return {.where = {.file = intern(path)},
          .what = fmt::format("a suite may have {} MiB; this file has {} MiB", kMaxSuiteBytes >> 20, bytes >> 20),
          .hint = "split it: mccoy run takes several files"};
}
}  // namespace

Result<Node> parse_yaml_text(std::string_view text, std::string_view name) {
  const auto file = intern(name);
  if (static_cast<std::int64_t>(text.size()) > kMaxSuiteBytes) {
    return too_large(std::string(name), static_cast<std::int64_t>(text.size()));
  }
  MCCOY_DO(check_bytes(text, file));
  if (!text.starts_with(kByteOrderMark)) return build(text, file, 0);
  return build(text.substr(kByteOrderMark.size()), file, static_cast<int>(kByteOrderMark.size()));
}

Result<std::string> read_suite_bytes(const std::string& path) {
  struct stat info {};
  const auto file = intern(path);
  if (::stat(path.c_str(), &info) != 0) {
    Error error = system_error("the suite cannot be read", errno);
    error.where = {.file = file};
    return error;
  }
  if (S_ISDIR(info.st_mode)) {
    return Error{.where = {.file = file}, .what = "this is a folder", .hint = "name the suite's YAML file"};
  }
  if (S_ISREG(info.st_mode) && info.st_size > kMaxSuiteBytes) return too_large(path, info.st_size);
  auto text = read_file(path, kMaxSuiteBytes);
  if (!text.ok()) text.error().where = {.file = file};
  return text;
}

Result<Node> parse_yaml(const std::string& path) {
  MCCOY_TRY(text, read_suite_bytes(path));
  return parse_yaml_text(text, path);
}
}  // namespace mccoy::suite
