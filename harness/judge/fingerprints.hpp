// Which known substitutes were in a program: what the catalogue (fingerprints.yaml, compiled in: fingerprint_table.hpp)
// says of the files it opened and of itself. A match is never a verdict: loaded is not used, and a runner loads doubles
// in every run. Pure.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/evidence/facts.hpp"
#include "harness/judge/path_globs.hpp"
#include "harness/suite/fingerprint.hpp"

namespace mccoy::judge {
using suite::Fingerprint;

/// Immutable; entries stay where they are as long as it lives.
class Catalogue {
 public:
  explicit Catalogue(std::vector<Fingerprint> entries);

  std::span<const Fingerprint> entries() const { return entries_; }
  const Fingerprint* find(std::string_view id) const;
  /// Indices of the entries this file marks.
  std::vector<std::size_t> by_file(std::string_view path) const { return files_.match(path); }
  /// Indices of the entries this process is: by its executable or script, and by the words of its argv.
  std::vector<std::size_t> by_program(const evidence::SeenProcess& process) const;

 private:
  std::vector<Fingerprint> entries_;
  PathGlobs files_, programs_;
};

/// What mccoy knows by itself; made from its table when first asked for.
const Catalogue& catalogue();
/// With those of a suite; one that has an id of the catalogue takes that entry's place.
Catalogue catalogue_with(std::span<const Fingerprint> additions);

struct Match {
  enum class By {
    file,       ///< it opened a file of it
    program,    ///< it is the substitute
    inherited,  ///< it never called execve, and the program it was forked from had opened a file of it
  };
  const Fingerprint* what = nullptr;  ///< in the catalogue
  int program = evidence::kNoProgram;
  By by = By::file;
  std::string path;                        ///< the first that matched
  const Fingerprint* loaded_by = nullptr;  ///< in the same program, and loads it in every run; nullptr: somebody asked
                                           ///< for it
  bool always_loaded() const { return loaded_by != nullptr; }
};

/// At most one for a program and an entry, in the order of programs and of the catalogue. Runners and what is no double
/// are among them. Of a file that very many programs opened only the first few are known (SeenRead::by).
std::vector<Match> match(const Catalogue& catalogue, const evidence::Activity& activity);
/// The entries that mark something in it, in the order of the catalogue: what the evidence was held against. Of servers
/// that answered, or are services, by the program they are.
std::vector<Fingerprint> entries_in(const Catalogue& catalogue, const evidence::Facts& facts);
}  // namespace mccoy::judge
