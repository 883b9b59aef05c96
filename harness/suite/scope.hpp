// Variables: typed, expanded in one pass, never in keys; a value that comes out is never read again for more variables.
//   ${name}            vars of the suite, captures of earlier cases
//   ${env.NAME}        environment of mccoy; unset is an error unless `${env.NAME:-default}`
//   ${nonce}           fresh in every trial      ${unique}   fresh at every place it stands
//   ${random}          a number from the trial's seed        ${vary}  the value of this trial of a `vary`
//   ${port} ${dir}     of the service or case itself; ${port.NAME} for further ports
//   ${services.x.port|url|host|dir|pid|via|via_url}   ${suite.dir}   ${case.dir}
//   $${                is a literal ${
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/value.hpp"

namespace mccoy::suite {
/// The names a text uses, each with its offset; errors: "${" without "}", an empty name.
struct VariableUse {
  std::string name;      ///< without the default
  std::string fallback;  ///< behind ":-"
  bool has_fallback = false;
  std::size_t begin = 0, end = 0;  ///< bytes of the text
};
Result<std::vector<VariableUse>> variables_in(std::string_view text);

/// Looks names up; the first layer that knows a name wins. Cheap to copy: layers are shared.
class Scope {
 public:
  using Lookup = std::function<const Value*(std::string_view name, Value& storage)>;
  Scope();
  Scope with(std::string name, Value value) const;  ///< a new layer in front
  Scope with(Value map) const;                      ///< {"name": value, …}
  Scope with_lookup(Lookup lookup) const;           ///< computed names (unique, random, env)
  /// nullptr when unknown; `storage` keeps a computed value alive.
  const Value* find(std::string_view name, Value& storage) const;

  /// Of all layers but the computed ones, nearest first; views live as long as this scope.
  std::vector<std::string_view> known_names() const;

  /// Strings inside are expanded; a string that is one variable and nothing else takes its type.
  ///   errors  unknown variable (with did-you-mean), a list or map inside a longer text
  Result<Value> expand(const Value& value, Span span) const;
  Result<std::string> expand_text(std::string_view text, Span span) const;

 private:
  struct Layer;
  std::shared_ptr<const Layer> layer_;
};
}  // namespace mccoy::suite
