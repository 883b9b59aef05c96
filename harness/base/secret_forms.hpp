// The ways a secret may be written: as it is, base64 and base64url at each of three offsets, hex, percent-encoded,
// escaped for JSON, XML, HTML and the shell, UTF-16. Where writers differ (which quotes, which case), each way is
// listed.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mccoy {
/// Sorted, each once, the value itself among them. Quotes or padding around the value are left out.
std::vector<std::string> secret_forms(std::string_view value);
}  // namespace mccoy
