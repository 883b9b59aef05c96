// Which places of a suite a path or an address of the evidence stands for.
#pragma once
#include <string_view>

namespace mccoy::judge {
/// A pattern of the suite is relative to a folder, an observer may have looked from the root.
///   base  that folder, absolute; "" when it is not known: then any folder may be it
bool is_meant(std::string_view pattern, std::string_view path, std::string_view base = {});
bool is_below(std::string_view folder, std::string_view path, std::string_view base = {});
/// "localhost:80" and "127.0.0.1:80" are the same place; so are the two loopback addresses of one port.
bool same_endpoint(std::string_view a, std::string_view b);
}  // namespace mccoy::judge
