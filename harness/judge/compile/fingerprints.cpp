// compile_fingerprints FROM.yaml TO.cpp: the catalogue as a table of C++. Runs while mccoy is built and is no part of
// it. A mistake in the catalogue stops the build and names its line.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/base/text.hpp"
#include "harness/suite/fingerprint.hpp"

namespace mccoy::suite {
namespace {
std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? "\\n" : std::string(1, c);
  }
  return out + "\"";
}
std::string literal(const std::vector<std::string>& words) {
  return literal(join(words, "\n"));
}

std::string row(const Fingerprint& one) {
  return fmt::format("    {{{}, {}, {}, Kind({}), Implies({}), {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}},\n",
                     literal(one.id), literal(one.ecosystem), literal(one.library), static_cast<int>(one.kind),
                     static_cast<int>(one.implies), literal(one.stands_for), literal(one.files), literal(one.programs),
                     literal(one.with), literal(one.env), literal(one.symbols), literal(one.headers),
                     literal(one.always_loaded_by), literal(one.examples), literal(one.verified), literal(one.note));
}

std::string table(const std::vector<Fingerprint>& entries) {
  std::string out =
      "// Made from harness/judge/fingerprints.yaml.\n#include \"harness/judge/fingerprint_table.hpp\"\n\n"
      "namespace mccoy::judge {\nnamespace {\nusing Kind = suite::Fingerprint::Kind;\n"
      "using Implies = suite::Fingerprint::Implies;\nconstexpr FingerprintRow kRows[] = {\n";
  for (const Fingerprint& one : entries) out += row(one);
  return out + "};\n}  // namespace\n\nstd::span<const FingerprintRow> fingerprint_rows() {\n  return kRows;\n}\n" +
         "}  // namespace mccoy::judge\n";
}

int compile(const char* from, const char* to) {
  std::ifstream in(from);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto entries = read_catalogue(text, from);
  if (!entries.ok()) {
    std::fprintf(stderr, "%s", render(entries.error()).c_str());
    return 1;
  }
  std::ofstream out(to);
  out << table(*entries) << std::flush;
  return out.good() ? 0 : 1;
}
}  // namespace
}  // namespace mccoy::suite

int main(int argc, char** argv) {
  if (argc == 3) return mccoy::suite::compile(argv[1], argv[2]);
  std::fprintf(stderr, "usage: compile_fingerprints FROM.yaml TO.cpp\n");
  return 2;
}
