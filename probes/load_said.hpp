// What a load case says, with the place of each part: the same view of a suite that is being read and of the settings
// of a trial, so that one reader finds the mistakes of both.
#pragma once
#include <string>
#include <string_view>

#include "harness/suite/node.hpp"
#include "harness/suite/settings.hpp"

namespace mccoy::probes {
/// A view; the value, the node and the settings outlive it.
class Said {
 public:
  /// Of a suite: the value as the tables typed it, and the node it was read from (which may be a short form of it).
  Said(const Value& value, const suite::Node& node, std::string_view file)
      : value_(&value), node_(&node), span_(node.span(file)) {}
  /// Of a trial: parts have the place of the field they belong to.
  Said(const Value& value, const suite::Settings& settings)
      : value_(&value), settings_(&settings), span_(settings.head_span()) {}

  const Value& value() const { return *value_; }
  Span span() const { return span_; }
  bool given() const { return !value_->is_null(); }
  std::string text() const { return suite::scalar_text(*value_); }
  /// It holds a ${…} that is not known while a suite is read: nothing can be said of it yet.
  bool open() const { return value_->is_string() && value_->as_string().find("${") != std::string::npos; }

  Said operator[](std::string_view name) const;  ///< a member; nothing when absent
  Said at(std::size_t index) const;              ///< an item
  Said member(std::size_t index) const;          ///< the value of that member
  std::size_t size() const { return value_->is_map() ? value_->as_map().size() : value_->as_list().size(); }
  const std::string& key(std::size_t index) const { return value_->as_map()[index].first; }

  Error refuse(std::string what, std::string hint) const;

 private:
  Said(const Value& value, const suite::Node* node, const suite::Settings* settings, Span span)
      : value_(&value), node_(node), settings_(settings), span_(span) {}
  Said part(const Value& value, const suite::Node* node) const;
  const Value* value_;
  const suite::Node* node_ = nullptr;
  const suite::Settings* settings_ = nullptr;
  Span span_;
};
}  // namespace mccoy::probes
