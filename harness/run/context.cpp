#include "harness/run/context.hpp"

#include <poll.h>

#include <cstdlib>

namespace mccoy::run {
void Captures::set(const std::string& name, Value value) {
  const std::lock_guard lock(mutex_);
  values_.insert_or_assign(name, std::move(value));
}

Value Captures::all() const {
  const std::lock_guard lock(mutex_);
  Value map = Value::map();
  for (const auto& [name, value] : values_) map.set(name, value);
  return map;
}

bool Recorder::append(std::string_view type, const Value& body, evidence::Durable durable) {
  evidence::Journal& journal = bundle_.journal();
  auto status = masker_.has_nothing_to_mask(body) ? journal.append(type, body, durable)
                                                  : journal.append(type, masker_.mask_value(body), durable);
  if (!status.ok()) lose(std::move(status).error());
  return !lost();
}

Result<Value> Recorder::keep(const evidence::Observation& observation) {
  auto kept = evidence::keep(observation, bundle_.blobs());
  if (!kept.ok()) lose(kept.error());
  return kept;
}

Result<std::string> Recorder::keep(std::string_view bytes) {
  auto kept = bundle_.blobs().put(masker_.mask(bytes));
  if (!kept.ok()) lose(kept.error());
  return kept;
}

bool Recorder::lost() const {
  const std::lock_guard lock(mutex_);
  return loss_.has_value();
}

std::optional<Error> Recorder::loss() const {
  const std::lock_guard lock(mutex_);
  return loss_;
}

void Recorder::lose(Error error) {
  const std::lock_guard lock(mutex_);
  if (!loss_) loss_ = std::move(error);
}

namespace {
/// Only what getenv finds: an unset variable is unknown, so that a default or an error can speak.
const Value* environment(std::string_view name, Value& storage) {
  constexpr std::string_view kPrefix = "env.";
  if (!name.starts_with(kPrefix)) return nullptr;
  const char* found = std::getenv(std::string(name.substr(kPrefix.size())).c_str());
  if (found == nullptr) return nullptr;
  storage = Value(found);
  return &storage;
}
}  // namespace

void pause(const SuiteContext& context, Duration span) {
  pollfd waited{context.interrupt.fd(), POLLIN, 0};
  ::poll(&waited, 1, Deadline::in(span).poll_ms());
}

Result<suite::Scope> suite_scope(const suite::Suite& suite) {
  const suite::Scope base = suite::Scope().with_lookup(environment).with("suite.dir", Value(suite.folder));
  Value vars = Value::map();
  for (const auto& [name, located] : suite.vars) {
    MCCOY_TRY(value, base.expand(located.value, located.span));
    vars.set(name, std::move(value));
  }
  return base.with(std::move(vars));
}
}  // namespace mccoy::run
