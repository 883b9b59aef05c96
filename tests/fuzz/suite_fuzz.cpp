// Any bytes are a suite or a list of mistakes, each at a place inside them and with something to say.
#include <cstddef>
#include <cstdint>

#include "harness/suite/suite.hpp"
#include "tests/harness/suite/sample_kinds.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mccoy;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto read = suite::read_suite_text(text, "fuzz.yaml", suite::sample::kinds(), "2026-11-21");
  if (const auto* errors = std::get_if<suite::ReadErrors>(&read)) {
    MCCOY_CHECK(!errors->errors.empty() && errors->errors.size() <= 20);
    for (const Error& error : errors->errors) {
      MCCOY_CHECK(!error.what.empty());
      MCCOY_CHECK(error.where.line >= 0 && error.where.column >= 0);
      MCCOY_CHECK(!render(error).empty());
    }
    return 0;
  }
  const auto& suite = *std::get_if<suite::Suite>(&read);
  MCCOY_CHECK(!suite.name.empty() && !suite.cases.empty());
  for (const auto& one : suite.cases) {
    MCCOY_CHECK(one.kind != nullptr);
    MCCOY_CHECK(!one.checks.empty() || !one.contract.empty() || !one.challenges.empty());
    for (const auto& check : one.checks) MCCOY_CHECK(suite::check_from_value(suite::to_value(check)).ok());
  }
  return 0;
}
