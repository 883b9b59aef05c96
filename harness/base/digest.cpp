#include "harness/base/digest.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <cerrno>

#include "harness/base/owned.hpp"
#include "harness/base/text.hpp"

namespace mccoy {
namespace {
struct GiveBack {
  void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};
constexpr std::size_t kDigestBytes = 32;
using Context = std::unique_ptr<EVP_MD_CTX, GiveBack>;

Context new_context() {
  Context context(::EVP_MD_CTX_new());
  MCCOY_CHECK(context != nullptr);
  return context;
}
}  // namespace

struct Sha256::State {
  Context context = new_context();
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  MCCOY_CHECK(::EVP_DigestInit_ex(state_->context.get(), ::EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  MCCOY_CHECK(state_ != nullptr);
  MCCOY_CHECK(::EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::hex() const {
  MCCOY_CHECK(state_ != nullptr);
  const Context copy = new_context();
  char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  MCCOY_CHECK(::EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()) == 1);
  MCCOY_CHECK(::EVP_DigestFinal_ex(copy.get(), reinterpret_cast<unsigned char*>(digest), &length) == 1);
  return mccoy::hex({digest, length});
}

std::string Sha256::take_raw() {
  MCCOY_CHECK(state_ != nullptr);
  std::string digest(kDigestBytes, '\0');
  MCCOY_CHECK(::EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) ==
              1);
  MCCOY_CHECK(::EVP_DigestInit_ex(state_->context.get(), nullptr, nullptr) == 1);  // the same algorithm again
  return digest;
}

std::string sha256(std::string_view bytes) {
  thread_local Sha256 digest;  // making one takes longer than to digest a short text
  digest.update(bytes);
  return hex(digest.take_raw());
}

Result<std::string> sha256_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return system_error(path, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return system_error(path, errno);
  if (!S_ISREG(status.st_mode)) return Error{.what = path + ": not a regular file"};
  Sha256 digest;
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count == 0) return digest.hex();
    if (count > 0)
      digest.update({buffer, static_cast<std::size_t>(count)});
    else if (errno != EINTR)
      return system_error(path, errno);
  }
}
}  // namespace mccoy
