#include "harness/suite/scope.hpp"

#include <fmt/format.h>

#include "harness/base/text.hpp"
#include "harness/suite/settings.hpp"

namespace mccoy::suite {
namespace {
constexpr std::string_view kOpening = "${";

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

Error bad_use(std::string what, std::string hint, std::size_t at) {
  return {.where = {.line = 1, .column = static_cast<int>(at) + 1, .length = 2},
          .what = std::move(what),
          .hint = std::move(hint)};
}

/// The use that starts at `begin`, where "${" stands.
Result<VariableUse> use_at(std::string_view text, std::size_t begin) {
  const auto end = text.find('}', begin);
  if (end == std::string_view::npos) {
    return bad_use("\"${\" without \"}\"", "close it; a literal ${ is written $${", begin);
  }
  const auto inside = text.substr(begin + 2, end - begin - 2);
  VariableUse use;
  use.begin = begin;
  use.end = end + 1;
  const auto dash = inside.find(":-");
  use.name = inside.substr(0, dash);
  use.has_fallback = dash != std::string_view::npos;
  if (use.has_fallback) use.fallback = inside.substr(dash + 2);
  if (use.name.empty()) return bad_use("\"${}\" names no variable", "a literal ${ is written $${", begin);
  for (const char c : use.name) {
    if (!is_name_byte(c)) {
      return bad_use(fmt::format("\"{}\" is no name of a variable", visible_line(use.name, 60)),
                     "a literal ${ is written $${", begin);
    }
  }
  return use;
}

/// Walks a.b.c down into maps that a variable holds.
const Value* member_of(const Value* value, std::string_view path) {
  while (value != nullptr && !path.empty()) {
    const auto step = path.substr(0, path.find('.'));
    value = value->find(step);
    path.remove_prefix(std::min(path.size(), step.size() + 1));
  }
  return value;
}
}  // namespace

Result<std::vector<VariableUse>> variables_in(std::string_view text) {
  std::vector<VariableUse> uses;
  for (std::size_t at = text.find(kOpening); at != std::string_view::npos; at = text.find(kOpening, at)) {
    if (at > 0 && text[at - 1] == '$') {  // $${ is a literal
      at += kOpening.size();
      continue;
    }
    MCCOY_TRY(use, use_at(text, at));
    at = use.end;
    uses.push_back(std::move(use));
  }
  return uses;
}

struct Scope::Layer {
  Value names;  ///< a map; null for a computed layer
  Lookup lookup;
  std::shared_ptr<const Layer> next;
};

Scope::Scope() = default;

Scope Scope::with(std::string name, Value value) const {
  return with(Value(Value::Map{{std::move(name), std::move(value)}}));
}

Scope Scope::with(Value map) const {
  Scope scope;
  scope.layer_ = std::make_shared<const Layer>(Layer{std::move(map), {}, layer_});
  return scope;
}

Scope Scope::with_lookup(Lookup lookup) const {
  Scope scope;
  scope.layer_ = std::make_shared<const Layer>(Layer{{}, std::move(lookup), layer_});
  return scope;
}

const Value* Scope::find(std::string_view name, Value& storage) const {
  for (const Layer* layer = layer_.get(); layer != nullptr; layer = layer->next.get()) {
    if (layer->lookup) {
      if (const Value* found = layer->lookup(name, storage)) return found;
      continue;
    }
    if (const Value* found = layer->names.find(name)) return found;
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) continue;
    const Value* root = layer->names.find(name.substr(0, dot));
    if (root == nullptr || !root->is_map()) continue;
    if (const Value* found = member_of(root, name.substr(dot + 1))) return found;
  }
  return nullptr;
}

namespace {
Error unknown_variable(const VariableUse& use, Span span, const std::vector<std::string_view>& known) {
  Error error{.where = span, .what = fmt::format("unknown variable ${{{}}}", use.name)};
  if (use.name.starts_with("env.")) {
    error.what = fmt::format("the environment has no {}", use.name.substr(4));
    error.hint = fmt::format("set it, or give a default: ${{{}:-…}}", use.name);
  } else if (const auto near = did_you_mean(use.name, known); !near.empty()) {
    error.hint = fmt::format("did you mean \"{}\"?", near);
  }
  return error;
}
}  // namespace

/// One pass over one text; the road all expansion takes.
class Expander {
 public:
  Expander(const Scope& scope, Span span) : scope_(scope), span_(span) {}

  Result<Value> value_of(const VariableUse& use) const {
    Value storage;
    if (const Value* found = scope_.find(use.name, storage)) return *found;
    if (use.has_fallback) return Value(use.fallback);
    return unknown_variable(use, span_, scope_.known_names());
  }

  Result<std::string> text(std::string_view text, const std::vector<VariableUse>& uses) const {
    std::string out;
    std::size_t at = 0;
    for (const VariableUse& use : uses) {
      append_literal(out, text.substr(at, use.begin - at));
      MCCOY_TRY(value, value_of(use));
      if (value.is_list() || value.is_map()) {
        return Error{.where = span_,
                     .what = fmt::format("${{{}}} is {}, which cannot stand inside a text", use.name,
                                         value.is_list() ? "a list" : "a map"),
                     .hint = "use it alone, or name one value of it"};
      }
      out += scalar_text(value);
      at = use.end;
    }
    append_literal(out, text.substr(at));
    return out;
  }

 private:
  /// "$${" is written "${".
  static void append_literal(std::string& out, std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text.substr(at).starts_with("$${")) ++at;
      out += text[at];
    }
  }

  const Scope& scope_;
  Span span_;
};

std::vector<std::string_view> Scope::known_names() const {
  std::vector<std::string_view> names;
  for (const Layer* layer = layer_.get(); layer != nullptr; layer = layer->next.get()) {
    for (const auto& [name, value] : layer->names.as_map()) names.push_back(name);
  }
  return names;
}

Result<std::string> Scope::expand_text(std::string_view text, Span span) const {
  if (text.find(kOpening) == std::string_view::npos) return std::string(text);
  auto uses = variables_in(text);
  if (!uses.ok()) {
    uses.error().where = span;
    return std::move(uses).error();
  }
  return Expander(*this, span).text(text, *uses);
}

Result<Value> Scope::expand(const Value& value, Span span) const {
  if (value.is_string()) {
    const std::string& text = value.as_string();
    if (text.find(kOpening) == std::string::npos) return value;
    auto uses = variables_in(text);
    if (uses.ok() && uses->size() == 1 && uses->front().begin == 0 && uses->front().end == text.size()) {
      return Expander(*this, span).value_of(uses->front());
    }
    MCCOY_TRY(expanded, expand_text(text, span));
    return Value(std::move(expanded));
  }
  if (value.is_list()) {
    Value::List items;
    items.reserve(value.as_list().size());
    for (const Value& item : value.as_list()) {
      MCCOY_TRY(expanded, expand(item, span));
      items.push_back(std::move(expanded));
    }
    return Value(std::move(items));
  }
  if (!value.is_map()) return value;
  Value::Map members;
  members.reserve(value.as_map().size());
  for (const auto& [name, member] : value.as_map()) {
    MCCOY_TRY(expanded, expand(member, span));
    members.emplace_back(name, std::move(expanded));
  }
  return Value(std::move(members));
}
}  // namespace mccoy::suite
