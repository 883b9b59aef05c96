// Is this a build with a sanitizer, whose own memory would be measured as ours?
#pragma once

namespace mccoy {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
}  // namespace mccoy
