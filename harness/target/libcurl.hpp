// libcurl, loaded when the first request is made. It brings thirty more libraries, which cost a third of a short run;
// a suite without HTTP need not wait for them. Signatures are those of curl/curl.h; the handle is never closed.
#pragma once
#include <curl/curl.h>

namespace mccoy::target {
struct Libcurl {
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_easy_escape) easy_escape;
  decltype(&curl_multi_init) multi_init;
  decltype(&curl_multi_cleanup) multi_cleanup;
  decltype(&curl_multi_add_handle) multi_add_handle;
  decltype(&curl_multi_remove_handle) multi_remove_handle;
  decltype(&curl_multi_perform) multi_perform;
  decltype(&curl_multi_poll) multi_poll;
  decltype(&curl_multi_info_read) multi_info_read;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
  decltype(&curl_url) url;
  decltype(&curl_url_cleanup) url_cleanup;
  decltype(&curl_url_get) url_get;
  decltype(&curl_url_set) url_set;
  decltype(&curl_url_strerror) url_strerror;
  decltype(&curl_getdate) getdate;
  decltype(&curl_free) free;
};

/// Loads it and calls curl_global_init at the first call; any thread may be the first. A machine on which it cannot be
/// loaded is one on which mccoy was not installed: the program ends with what the loader says.
const Libcurl& curl();
}  // namespace mccoy::target
