// How a child that is to be watched hands the listener of its seccomp filter to the watcher, over a SOCK_SEQPACKET
// pair:
//   child -> watcher  its pid
//   watcher -> child  WatchWord::yes, once it has made sure that it may look into the child; no: stay unwatched
//   child -> watcher  the number of the listener's descriptor in the child, or -errno when the filter was refused
//   watcher -> child  yes, once it holds a copy; no: it could not, and the child must not go on, for nobody would
//                     answer its calls
// When the filter was refused, that last word is another:
//   watcher -> child  trace, once it traces the child: install the filter as one that stops for the tracer; yes or no:
//                     go on
//   child -> watcher  (only after trace) 0, or -errno when that was refused, too
//   watcher -> child  yes or no: go on
// Nothing else is said. No filter shows recvmsg, nor sendmsg with watch_token() as its sixth argument.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace mccoy {
enum class WatchWord : char { yes = 'y', no = 'n', trace = 't' };

/// The child's part. Allocates nothing and may run in borrowed memory (vfork).
///   filter  array of sock_filter, `bytes` long; changed when it is to stop for a tracer
///   returns  false: the filter stands and nobody listens to it
bool offer_watch(int watcher, char* filter, std::size_t bytes);
/// A random number, the same in all processes forked from this one, and handed to no program they become.
std::uint64_t watch_token();
}  // namespace mccoy
