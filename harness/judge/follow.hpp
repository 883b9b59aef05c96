// A connection that goes by a proxy of mccoy's own leads to the service behind it: facts as they would be if the proxy
// were not there. What the proxy itself answered, or kept, was done by nobody who is judged.
#pragma once
#include "harness/evidence/facts.hpp"

namespace mccoy::judge {
/// The same facts where no proxy was used; following them twice changes nothing more.
evidence::Facts followed(evidence::Facts facts);
bool goes_by_a_proxy(const evidence::Facts& facts);
}  // namespace mccoy::judge
