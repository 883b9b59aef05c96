// The only main() of the tests. The guardian is forked here, before any thread exists, as the command line does it.
#include <boost/test/unit_test.hpp>
#include <cstdio>

#include "harness/base/process.hpp"

int main(int argc, char** argv) {
  if (auto status = mccoy::start_guardian(); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.error().what.c_str());
    return 1;
  }
  return boost::unit_test::unit_test_main([] { return true; }, argc, argv);
}
