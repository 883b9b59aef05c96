// Runs a fuzz target once for every file of its corpus, without libFuzzer: main() of the fuzz_corpus_* tests.
#include <cstdio>

#include "harness/base/file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size);

int main(int argc, char** argv) {
  constexpr std::int64_t kInputLimitBytes = 16 << 20;
  if (argc != 2) return 2;
  const auto files = mccoy::glob("{*,.*}", argv[1]);
  if (!files.ok() || files->empty()) {
    std::fprintf(stderr, "%s: no corpus\n", argv[1]);
    return 2;
  }
  for (const auto& file : *files) {
    const auto input = mccoy::read_file(std::string(argv[1]) + '/' + file, kInputLimitBytes);
    if (!input.ok()) {
      std::fputs(mccoy::render(input.error()).c_str(), stderr);
      return 2;
    }
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);  // the last name printed is the one that crashed
    LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(input->data()), input->size());
  }
  return 0;
}
