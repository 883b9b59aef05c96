// Is this a build with a sanitizer, whose own memory would be measured as ours?
#pragma once

namespace mccoy {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
/// Its runtime has a thread of its own, in every process.
#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadSanitized = true;
#else
constexpr bool kThreadSanitized = false;
#endif
}  // namespace mccoy
