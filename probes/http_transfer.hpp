// One HTTP exchange over a connection of its own, made with libcurl and with nothing from the surroundings: no proxy,
// no netrc, no cookies, no connection, name or TLS session of an earlier case.
#pragma once
#include "harness/probe.hpp"
#include "probes/http_request.hpp"

namespace mccoy::probes {
/// Relative files of the request start in trial.folder. Tells trial.watch when the first byte of an answer has come.
///   errors  in words that tell apart: refused, name unknown, unreachable, TLS, closed early, no HTTP, timed_out,
///   interrupted
Result<evidence::Observation> transfer(const HttpRequest& request, const Trial& trial);
}  // namespace mccoy::probes
