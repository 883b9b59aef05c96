// The JSON Schema and the reference are derived from the tables that reading uses; ajv, which is not ours, must agree.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "harness/base/file.hpp"
#include "harness/suite/language.hpp"
#include "harness/suite/suite.hpp"
#include "probes/catalogue.hpp"
#include "tests/harness/suite/sample_kinds.hpp"

namespace fs = std::filesystem;
using namespace mccoy;
using suite::Field;

namespace {
constexpr std::int64_t kLimit = 8 << 20;

Value schema() {
  auto parsed = from_json(suite::suite_schema(suite::sample::kinds()));
  BOOST_REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

void collect_references(const Value& value, std::set<std::string>& found) {
  if (const Value* to = value.find("$ref")) found.insert(to->as_string());
  for (const auto& [name, member] : value.as_map()) collect_references(member, found);
  for (const Value& item : value.as_list()) collect_references(item, found);
}

void every_row_is_explained(std::span<const Field> fields, const std::string& owner) {
  for (const Field& field : fields) {
    BOOST_TEST(field.help.ends_with('.'), owner << "." << field.name << " has no sentence");
    BOOST_TEST((field.type != suite::FieldType::word || !field.words.empty()), owner << "." << field.name);
    every_row_is_explained(field.fields, owner + "." + std::string(field.name));
  }
}

/// Where ajv may be installed: `npm ci` in a copy of tests/golden/ajv under the build folder.
std::string ajv_folder() {
  const char* named = std::getenv("MCCOY_AJV");
  return named != nullptr ? named : std::string(MCCOY_BINARY_DIR) + "/ajv";
}

int ajv(const std::string& schema_file, const std::string& wanted, const std::string& folder) {
  const std::string command = "cd '" + ajv_folder() + "' && node '" MCCOY_SOURCE_DIR "/tests/golden/ajv/check.js' '" +
                              schema_file + "' " + wanted + " '" MCCOY_SOURCE_DIR "/tests/golden/" + folder + "'";
  return std::system(command.c_str());
}
}  // namespace

BOOST_AUTO_TEST_SUITE(schema_and_reference)

BOOST_AUTO_TEST_CASE(every_reference_of_the_schema_leads_somewhere) {
  const Value document = schema();
  std::set<std::string> references;
  collect_references(document, references);
  BOOST_TEST(references.size() > 10u);
  for (const auto& reference : references) {
    BOOST_REQUIRE(reference.starts_with("#"));
    BOOST_TEST(document.pointer(reference.substr(1)) != nullptr, reference);
  }
}

BOOST_AUTO_TEST_CASE(every_field_is_in_the_schema_and_explained) {
  const Value document = schema();
  for (const auto* kind : suite::sample::kinds()) {
    const Value& properties = document["$defs"]["case_" + std::string(kind->name)]["properties"];
    BOOST_TEST(properties.find(kind->name) != nullptr);
    for (const Field& field : kind->fields) BOOST_TEST(properties.find(field.name) != nullptr, field.name);
    for (const Field& field : suite::language::case_fields()) {
      const bool of_metrics = field.name == "gates" || field.name == "baseline";
      BOOST_TEST((properties.find(field.name) != nullptr) == !(of_metrics && kind->metrics.empty()), field.name);
    }
  }
  every_row_is_explained(suite::language::suite_fields(), "suite");
  every_row_is_explained(suite::language::control_fields(), "control");
}

BOOST_AUTO_TEST_CASE(every_field_of_the_shipped_kinds_is_explained) {
  for (const auto* kind : probes::kind_schemas()) {
    every_row_is_explained(kind->fields, std::string(kind->name));
    for (const auto& expect : kind->expects) BOOST_TEST(!expect.help.empty(), expect.name);
  }
}

BOOST_AUTO_TEST_CASE(the_suite_of_the_design_is_read_with_the_shipped_kinds) {
  const auto read =
      suite::read_suite(MCCOY_SOURCE_DIR "/tests/golden/valid/orders.yaml", probes::kind_schemas(), "2026-11-21");
  if (const auto* errors = std::get_if<suite::ReadErrors>(&read)) BOOST_FAIL(render(errors->errors.front()));
}

BOOST_AUTO_TEST_CASE(ajv_accepts_the_schema_and_the_valid_suites_and_refuses_malformed_ones) {
  if (!fs::exists(ajv_folder() + "/node_modules/ajv")) {
    BOOST_TEST_MESSAGE("ajv is not installed at " << ajv_folder() << "; see tests/golden/ajv/README.md");
    return;
  }
  auto folder = TempDir::make(fs::temp_directory_path().string(), "mccoy-schema-");
  BOOST_REQUIRE(folder.ok());
  const std::string file = folder->path() + "/schema.json";
  BOOST_REQUIRE(write_atomically(file, suite::suite_schema(suite::sample::kinds())).ok());
  BOOST_TEST(ajv(file, "accepts", "valid") == 0);
  BOOST_TEST(ajv(file, "refuses", "malformed") == 0);
}

BOOST_AUTO_TEST_CASE(docs_suite_md_is_what_the_tables_say) {
  const std::string path = MCCOY_SOURCE_DIR "/docs/suite.md";
  const std::string derived = suite::suite_reference(probes::kind_schemas());
  if (std::getenv("MCCOY_APPROVE") != nullptr) BOOST_REQUIRE(write_atomically(path, derived).ok());
  const auto written = read_file(path, kLimit);
  BOOST_REQUIRE(written.ok());
  BOOST_TEST((*written == derived), "docs/suite.md is old; write it with: mccoy schema --markdown");
}

BOOST_AUTO_TEST_SUITE_END()
