#include "harness/run/trial_scope.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace mccoy::run {
namespace {
constexpr std::size_t kUniqueLength = 16;

std::optional<Value> varied(const suite::Case& which, const Perturbation& perturbation, std::uint64_t seed) {
  if (perturbation.vary != nullptr) return *perturbation.vary;
  for (const suite::Challenge& challenge : which.challenges)
    if (challenge.vary) return challenge.vary->inputs(seed, which.id).front();
  return std::nullopt;
}
}  // namespace

TrialScope::TrialScope(SuiteContext& context, const suite::Case& which, const Perturbation& perturbation,
                       std::uint64_t seed)
    : context_(context),
      late_(which.kind->late),
      nonce_(perturbation.nonce.empty() ? fresh_token() : perturbation.nonce),
      vary_(varied(which, perturbation, context.seed)),
      random_(seed) {
  scope_ = context.scope.with(context.captures.all());
  if (context.services) scope_ = context.services->with_services(scope_);
  scope_ = scope_.with_lookup([this](std::string_view name, Value& storage) { return find(name, storage); });
}

const std::string& TrialScope::scratch() {
  if (scratch_.path().empty()) {
    if (auto made = TempDir::make(context_.scratch, "trial-"); made.ok()) scratch_ = std::move(made).value();
  }
  if (scratch_.path().empty())
    no_scratch_ = context_.scratch + "/no-folder-could-be-made";  // never "": that is the root
  return scratch_.path().empty() ? no_scratch_ : scratch_.path();
}

/// The kernel's choice. Nobody holds it until the target binds it.
Result<Value> TrialScope::free_port() {
  if (port_ != 0) return Value(port_);
  const UniqueFd holder(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!holder) return system_error("there is no free port for ${port}", errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const int yes = 1;
  ::setsockopt(holder.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(holder.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::getsockname(holder.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return system_error("there is no free port for ${port}", errno);
  port_ = ntohs(address.sin_port);
  return Value(port_);
}

const Value* TrialScope::find(std::string_view name, Value& storage) {
  if (std::ranges::find(late_, name) != late_.end()) {
    storage = Value("{{" + std::string(name) + "}}");
  } else if (name == "nonce") {
    nonce_used_ = true;
    storage = Value(nonce_);
  } else if (name == "vary" && vary_) {
    vary_used_ = true;
    return &*vary_;
  } else if (name == "unique") {
    storage = Value(fresh_token(kUniqueLength));
  } else if (name == "random") {
    storage = Value(static_cast<std::int64_t>(random_.below(std::uint64_t{1} << 31)));
  } else if (name == "case.dir" || name == "dir") {
    storage = Value(scratch());
  } else if (name == "port") {
    auto port = free_port();
    if (!port.ok()) {
      if (!trouble_) trouble_ = std::move(port).error();
      return nullptr;
    }
    storage = std::move(port).value();
  } else {
    return nullptr;
  }
  return &storage;
}
}  // namespace mccoy::run
