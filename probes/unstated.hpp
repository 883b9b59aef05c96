// What must be seen for a pass of a kind even when its suite states nothing.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/suite/contract.hpp"

namespace mccoy::probes {
/// An obligation that comes with the kind of probe.
///   kind  a name of suite::obligation_kinds()
suite::Obligation unstated(std::string_view kind, Value settings);
/// The service that was asked answered: its process owns the listening socket, and bytes went over the connection.
/// Nothing for an address that belongs to no service.
///   bytes_each_way  false: a bare connection is all this claim needs
std::vector<suite::Obligation> answered_by(const std::string& service, bool bytes_each_way);
}  // namespace mccoy::probes
