// TLS and HTTP/2 against nginx with certificates made for the test: trusted, self-signed, expired, with client
// certificates.
#include <thread>

#include "tests/probes/attempt.hpp"

namespace mccoy::test {
namespace {
constexpr std::string_view kMakeCertificates = R"(set -e
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
openssl req -x509 $key -days 30 -subj "/CN=Test CA" -keyout ca.key -out ca.pem
openssl req -x509 $key -days 30 -subj "/CN=shop.test" -addext "subjectAltName=DNS:shop.test" -keyout self.key -out self.pem
printf 'subjectAltName=DNS:shop.test\n' > names
for who in good client; do
  openssl req $key -subj "/CN=$who.test" -keyout $who.key -out $who.csr
  openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -extfile names -out $who.pem
done
openssl x509 -req -in good.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days -1 -extfile names -out expired.pem
cp good.key expired.key
)";

constexpr std::string_view kServer = R"(
  server { listen unix:@/NAME.sock ssl OPTIONS; ssl_certificate @/CERT.pem; ssl_certificate_key @/CERT.key;
           EXTRA location / { return 200 "over $ssl_protocol\n"; } }
)";

std::string filled(std::string text, std::initializer_list<std::pair<std::string_view, std::string>> words) {
  for (const auto& [word, with] : words)
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + with.size()))
      text.replace(at, word.size(), with);
  return text;
}

/// nginx with one local socket for each kind of certificate; started once for all tests.
class Nginx {
 public:
  static Nginx& ours() {
    static Nginx one;
    return one;
  }
  const std::string& folder() const { return folder_.path(); }

 private:
  Nginx() {
    const Command make{.argv = {"sh", "-c", std::string(kMakeCertificates)},
                       .env = base_environment(),
                       .cwd = folder(),
                       .input = {},
                       .uid = {},
                       .gid = {}};
    const auto made = run_command(make, Deadline::in(std::chrono::seconds(60)));
    if (!made.ok() || made->ended.code != 0)
      BOOST_FAIL("openssl: " + (made.ok() ? made->err.text() : made.error().what));
    std::string config =
        "daemon off; master_process off; pid @/pid; error_log @/error.log;\nevents {}\nhttp {\n  access_log off;\n";
    const std::string server(kServer);
    config +=
        filled(server, {{"NAME", "good"}, {"CERT", "good"}, {"OPTIONS", "http2"}, {"EXTRA", "ssl_protocols TLSv1.3;"}});
    config += filled(server, {{"NAME", "self"}, {"CERT", "self"}, {"OPTIONS", ""}, {"EXTRA", ""}});
    config += filled(server, {{"NAME", "expired"}, {"CERT", "expired"}, {"OPTIONS", ""}, {"EXTRA", ""}});
    config += filled(server, {{"NAME", "client"},
                              {"CERT", "good"},
                              {"OPTIONS", ""},
                              {"EXTRA", "ssl_client_certificate @/ca.pem; ssl_verify_client on;"}});
    config += filled(server, {{"NAME", "old"}, {"CERT", "good"}, {"OPTIONS", ""}, {"EXTRA", "ssl_protocols TLSv1.2;"}});
    config += "}\n";
    BOOST_REQUIRE(write_atomically(folder() + "/nginx.conf", filled(config, {{"@", folder()}})).ok());
    const Command serve{
        .argv = {"/usr/sbin/nginx", "-e", folder() + "/error.log", "-p", folder(), "-c", folder() + "/nginx.conf"},
        .env = base_environment(),
        .cwd = folder(),
        .input = {},
        .uid = {},
        .gid = {}};
    auto tree = ProcessTree::start(serve);
    if (!tree.ok()) BOOST_FAIL(tree.error().what);
    tree_ = std::move(*tree);
    Attempt attempt;
    while (!attempt.trial.deadline.passed() && !attempt.observe("tcp", "unix:" + folder() + "/old.sock").ok())
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  TempDir folder_ = TempDir::make("/tmp", "mccoy-tls-").value();
  ProcessTree tree_;
};

struct WithNginx {
  Attempt attempt;
  Nginx& nginx = Nginx::ours();
  Value with(const std::string& socket, std::initializer_list<std::pair<const char*, Value>> more = {}) {
    Value fields = Value::map(more);
    fields.set("connect_to", "unix:" + nginx.folder() + "/" + socket + ".sock");
    if (fields.find("ca") == nullptr) fields.set("ca", nginx.folder() + "/ca.pem");
    return fields;
  }
  std::string file(const std::string& name) { return nginx.folder() + "/" + name; }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(http_tls, WithNginx)

BOOST_AUTO_TEST_CASE(a_trusted_server_answers_over_http_2_and_shows_its_certificate) {
  const auto seen = attempt.seen("http", "https://shop.test/", with("good"));
  BOOST_TEST(seen.values["status"].as_int() == 200);
  BOOST_TEST(seen.values["version"].as_string() == "2");
  BOOST_TEST(seen.values["tls"].as_string() == "TLSv1.3");
  BOOST_TEST(seen.values["peer_authenticated"].as_bool());
  BOOST_TEST(seen.values["cert_days"].as_int() >= 19);
  BOOST_TEST(seen.values["cert_days"].as_int() <= 20);
  BOOST_TEST(contains(seen.values["cert_subject"].as_string(), "good.test"));
  BOOST_TEST(contains(seen.values["cert_issuer"].as_string(), "Test CA"));
  BOOST_TEST(seen.values["time_tls"].as_int() > 0);
  BOOST_REQUIRE(attempt.spy.exchanges.size() == 1U);
  BOOST_TEST(attempt.spy.exchanges[0].open);
}

BOOST_AUTO_TEST_CASE(the_version_can_be_chosen) {
  BOOST_TEST(attempt.seen("http", "https://shop.test/", with("good", {{"http_version", "1.1"}}))
                 .values["version"]
                 .as_string() == "1.1");
  BOOST_TEST(
      attempt.seen("http", "https://shop.test/", with("good", {{"http_version", "2"}})).values["version"].as_string() ==
      "2");
}

BOOST_AUTO_TEST_CASE(an_older_tls_is_named) {
  BOOST_TEST(attempt.seen("http", "https://shop.test/", with("old")).values["tls"].as_string() == "TLSv1.2");
}

BOOST_AUTO_TEST_CASE(without_its_ca_nobody_vouches_for_the_server) {
  const auto error = attempt.refused("http", "https://shop.test/", with("good", {{"ca", file("self.pem")}}));
  BOOST_TEST(contains(error.what, "not trusted"), error.what);
  BOOST_TEST(contains(attempt.refused("http", "https://shop.test/", with("good", {{"ca", ""}})).what, "not trusted"));
}

BOOST_AUTO_TEST_CASE(a_self_signed_certificate_is_told) {
  const auto error = attempt.refused("http", "https://shop.test/", with("self"));
  BOOST_TEST(contains(error.what, "self-signed"), error.what);
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_told) {
  const auto error = attempt.refused("http", "https://shop.test/", with("expired"));
  BOOST_TEST(contains(error.what, "expired"), error.what);
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_name_is_told) {
  const auto error = attempt.refused("http", "https://other.test/", with("good"));
  BOOST_TEST(contains(error.what, "other.test"), error.what);
  BOOST_TEST(contains(error.what, "not trusted"), error.what);
}

BOOST_AUTO_TEST_CASE(insecure_asks_anybody_and_says_so) {
  const auto seen = attempt.seen("http", "https://other.test/", with("expired", {{"insecure", true}}));
  BOOST_TEST(seen.values["status"].as_int() == 200);
  BOOST_TEST(!seen.values["peer_authenticated"].as_bool(true));
  BOOST_TEST(seen.values["cert_days"].as_int() < 0);
}

BOOST_AUTO_TEST_CASE(insecure_is_forgotten_by_the_next_case) {
  attempt.seen("http", "https://shop.test/", with("self", {{"insecure", true}}));
  (void)attempt.refused("http", "https://shop.test/", with("self"));
}

BOOST_AUTO_TEST_CASE(a_client_certificate_opens_what_asks_for_one) {
  const auto seen = attempt.seen("http", "https://shop.test/",
                                 with("client", {{"cert", file("client.pem")}, {"key", file("client.key")}}));
  BOOST_TEST(seen.values["status"].as_int() == 200);
  BOOST_TEST(attempt.seen("http", "https://shop.test/", with("client")).values["status"].as_int() == 400);
}

BOOST_AUTO_TEST_CASE(files_that_are_missing_are_errors_of_ours) {
  BOOST_TEST(
      contains(attempt.refused("http", "https://shop.test/", with("good", {{"ca", "none.pem"}})).what, "CA file"));
  const auto error = attempt.refused("http", "https://shop.test/", with("client", {{"cert", "none.pem"}}));
  BOOST_TEST(contains(error.what, "client certificate"), error.what);
}

BOOST_AUTO_TEST_CASE(a_tls_port_asked_in_plain_words_is_no_success) {
  const auto seen = attempt.seen("http", "http://shop.test/", with("good"));
  BOOST_TEST(seen.values["status"].as_int() == 400);
}
BOOST_AUTO_TEST_SUITE_END()
}  // namespace mccoy::test
