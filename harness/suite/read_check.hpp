// One entry of `expect:` by its Match: the grammar of docs/suite.md, "Checks".
#pragma once
#include <string>
#include <vector>

#include "harness/suite/reading.hpp"

namespace mccoy::suite {
/// Turns the node behind one name into checks of one subject.
class CheckReader {
 public:
  ///   name    as the suite writes it, for messages: "stdout"
  ///   checks  where they are put
  CheckReader(Reading& reading, std::string name, std::vector<Check>& checks)
      : reading_(reading), name_(std::move(name)), checks_(checks) {}

  void number(const Extractor& subject, const Node& node, Unit unit);
  void text(const Extractor& subject, const Node& node);
  void json(const std::string& source, const Node& node);
  void json_match(const std::string& source, const Node& node);
  void globs(const Extractor& subject, const Node& node);
  void flag(const Extractor& subject, const Node& node);
  void word(const Extractor& subject, const Node& node);

 private:
  void add(Extractor subject, Op op, Value operand, const Node& node);
  void refuse(const Node& node, std::string what, std::string hint);
  bool has_text(const Node& node, std::string_view matcher);
  void comparison(const Extractor& subject, Op op, const Node& node, Unit unit);
  void one_of(const Extractor& subject, const Node& node);
  void matcher(const Extractor& subject, const Node& key, const Node& value);
  void each_text(const Extractor& subject, Op op, const Node& node, std::string_view matcher);
  void pattern(const Extractor& subject, Op op, const Node& node);
  void emptiness(const Extractor& subject, const Node& node);
  bool pointer(const Node& key);

  Reading& reading_;
  std::string name_;
  std::vector<Check>& checks_;
};
}  // namespace mccoy::suite
