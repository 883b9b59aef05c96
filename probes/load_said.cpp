#include "probes/load_said.hpp"

namespace mccoy::probes {
Said Said::part(const Value& value, const suite::Node* node) const {
  return {value, node, nullptr, node != nullptr ? node->span(span_.file) : span_};
}

Said Said::operator[](std::string_view name) const {
  const Value& value = (*value_)[name];
  if (settings_ != nullptr) return {value, nullptr, nullptr, settings_->span(name)};
  const suite::Node* node = node_ != nullptr ? node_->find(name) : nullptr;
  return part(value, node != nullptr ? node : node_);  // a short form has no members
}

Said Said::member(std::size_t index) const {
  return (*this)[key(index)];
}

Said Said::at(std::size_t index) const {
  const bool listed = node_ != nullptr && node_->is_list() && index < node_->size();
  return part(value_->as_list()[index], listed ? &node_->items[index] : node_);
}

Error Said::refuse(std::string what, std::string hint) const {
  return {.where = span_, .what = std::move(what), .hint = std::move(hint)};
}
}  // namespace mccoy::probes
