// Any secret in any text (a NUL stands between them): never comes out, and chunks make no difference.
#include "harness/base/mask.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace mccoy;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto end = bytes.find('\0');
  if (end == std::string_view::npos || end > 64) return 0;
  const std::string secret(bytes.substr(0, end));
  const std::string_view text = bytes.substr(end + 1);
  const auto masker = Masker::make({{"\x01", secret}});  // a name that no text holds by chance
  if (!masker.ok()) return 0;
  const std::string whole = masker->mask(text);
  MCCOY_CHECK(text.find(secret) == std::string_view::npos || whole.find("[masked \x01]") != std::string::npos ||
              whole.find("[***]") != std::string::npos);
  auto stream = masker->stream();
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 3) out += stream.feed(text.substr(at, 3));
  MCCOY_CHECK(out + stream.finish() == whole);
  return 0;
}
