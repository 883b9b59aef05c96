#include "harness/target/libcurl.hpp"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <type_traits>

namespace mccoy::target {
namespace {
constexpr const char* kSoname = "libcurl.so.4";

[[noreturn]] void give_up() {
  const char* why = ::dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
  std::fprintf(stderr, "mccoy: %s cannot be used: %s\n", kSoname, why != nullptr ? why : "unknown");
  std::abort();
}

Libcurl load() {
  void* library = ::dlopen(kSoname, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) give_up();
  Libcurl curl{};
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, name));
    if (function == nullptr) give_up();
  };
  find(curl.easy_init, "curl_easy_init");
  find(curl.easy_cleanup, "curl_easy_cleanup");
  find(curl.easy_setopt, "curl_easy_setopt");
  find(curl.easy_getinfo, "curl_easy_getinfo");
  find(curl.easy_strerror, "curl_easy_strerror");
  find(curl.easy_escape, "curl_easy_escape");
  find(curl.multi_init, "curl_multi_init");
  find(curl.multi_cleanup, "curl_multi_cleanup");
  find(curl.multi_add_handle, "curl_multi_add_handle");
  find(curl.multi_remove_handle, "curl_multi_remove_handle");
  find(curl.multi_perform, "curl_multi_perform");
  find(curl.multi_poll, "curl_multi_poll");
  find(curl.multi_info_read, "curl_multi_info_read");
  find(curl.slist_append, "curl_slist_append");
  find(curl.slist_free_all, "curl_slist_free_all");
  find(curl.url, "curl_url");
  find(curl.url_cleanup, "curl_url_cleanup");
  find(curl.url_get, "curl_url_get");
  find(curl.url_set, "curl_url_set");
  find(curl.url_strerror, "curl_url_strerror");
  find(curl.getdate, "curl_getdate");
  find(curl.free, "curl_free");
  decltype(&curl_global_init) global_init = nullptr;
  find(global_init, "curl_global_init");
  global_init(CURL_GLOBAL_DEFAULT);
  return curl;
}
}  // namespace

const Libcurl& curl() {
  static const Libcurl loaded = load();
  return loaded;
}
}  // namespace mccoy::target
