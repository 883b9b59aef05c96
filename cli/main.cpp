// The only main(): the guardian first, while there is one thread; then the command line.
#include <cstdio>

#include "cli/app.hpp"
#include "harness/base/process.hpp"

int main(int argc, char** argv) {
  if (const auto guarded = mccoy::start_guardian(); !guarded.ok()) {
    std::fprintf(stderr, "mccoy: error: %s\n", guarded.error().what.c_str());
    return mccoy::cli::kCannotStart;
  }
  return mccoy::cli::run_app(argc, argv);
}
