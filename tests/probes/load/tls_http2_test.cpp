// TLS, HTTP/2 and unix sockets against nginx.
#include <sys/un.h>

#include <filesystem>

#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "tests/probes/load/profiles.hpp"
#include "tests/probes/load/server.hpp"

using namespace mccoy;
using namespace mccoy::load;
using namespace mccoy::load::testing;

namespace {
constexpr std::string_view kMakeCertificates = R"(set -e
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
openssl req -x509 $key -days 30 -subj "/CN=Test CA" -keyout ca.key -out ca.pem
printf 'subjectAltName=DNS:shop.test\n' > names
for who in good client; do
  openssl req $key -subj "/CN=$who.test" -keyout $who.key -out $who.csr
  openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -extfile names -out $who.pem
done
)";

constexpr std::string_view kConfig = R"(daemon off; master_process off; pid @/pid; error_log @/error.log;
worker_rlimit_nofile 1024; events {}
http { access_log off; client_body_temp_path @/body; proxy_temp_path @/proxy; fastcgi_temp_path @/fastcgi;
  uwsgi_temp_path @/uwsgi; scgi_temp_path @/scgi;
  ssl_certificate @/good.pem; ssl_certificate_key @/good.key; keepalive_requests 40;
  server { listen unix:@/plain.sock; location / { return 200 "plain\n"; } }
  server { listen unix:@/tls.sock ssl; location / { return 200 "over $ssl_protocol\n"; } }
  server { listen unix:@/h2.sock ssl http2; location / { return 200 "over $server_protocol\n"; } }
  server { listen unix:@/h2c.sock http2; location / { return 200 "over $server_protocol\n"; } }
  server { listen unix:@/client.sock ssl; ssl_client_certificate @/ca.pem; ssl_verify_client on;
           location / { return 200 "you are known\n"; } }
}
)";

std::string in_folder(std::string_view text, const std::string& folder) {
  std::string out;
  for (const char byte : text) byte == '@' ? out += folder : out += byte;
  return out;
}

/// nginx with a local socket for each way to speak; started once.
class Nginx {
 public:
  static const Nginx* ours() {
    static const Nginx one;
    return one.tree_ ? &one : nullptr;
  }
  std::string file(const std::string& name) const { return folder_.path() + "/" + name; }

 private:
  Nginx() {
    if (!std::filesystem::exists("/usr/sbin/nginx")) return;
    Command make{.argv = {"sh", "-c", std::string(kMakeCertificates)},
                 .env = base_environment(),
                 .cwd = folder_.path(),
                 .input = {},
                 .uid = {},
                 .gid = {}};
    const auto made = run_command(make, Deadline::in(seconds(60)));
    BOOST_REQUIRE(made.ok() && made->ended.code == 0);
    BOOST_REQUIRE(write_atomically(file("nginx.conf"), in_folder(kConfig, folder_.path())).ok());
    make.argv = {"/usr/sbin/nginx", "-e", file("error.log"), "-p", folder_.path(), "-c", file("nginx.conf")};
    auto tree = ProcessTree::start(make);
    BOOST_REQUIRE(tree.ok());
    tree_ = std::make_unique<ProcessTree>(std::move(*tree));
    for (const Deadline deadline = Deadline::in(seconds(20)); !deadline.passed() && !listens();)
      std::this_thread::sleep_for(milliseconds(10));
  }
  bool listens() const {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    file("client.sock").copy(address.sun_path, sizeof address.sun_path - 1);
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  TempDir folder_ = TempDir::make("/tmp", "mccoy-load-").value();
  std::unique_ptr<ProcessTree> tree_;
};

Profile over(const Nginx& nginx, const std::string& socket, Protocol protocol, bool tls, std::string_view expected) {
  Profile asked = profile(1, Model::open, 200, seconds(1));
  Target& target = asked.targets[0];
  target.host.clear();
  target.unix_path = nginx.file(socket + ".sock");
  target.protocol = protocol;
  if (tls)
    target.tls = Tls{
        .verify = true, .ca_file = nginx.file("ca.pem"), .cert_file = {}, .key_file = {}, .server_name = "shop.test"};
  Check check;
  check.kind = Check::Kind::contains, check.name = "words", check.text = expected;
  asked.journeys[0].steps[0].checks = {status_is(200, 200), check};
  asked.max_in_flight = 100;
  return asked;
}

const Nginx* nginx_or_skip() {
  const Nginx* nginx = Nginx::ours();
  if (nginx == nullptr) BOOST_TEST_MESSAGE("skipped: nginx is not installed");
  return nginx;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(load_tls_http2)

BOOST_AUTO_TEST_CASE(all_ways_to_speak_carry_all_requests) {
  const Nginx* nginx = nginx_or_skip();
  if (nginx == nullptr) return;
  const struct {
    const char* socket;
    Protocol protocol;
    bool tls;
    const char* expected;
  } ways[] = {{"plain", Protocol::http1, false, "plain"},
              {"tls", Protocol::http1, true, "over TLSv1"},
              {"h2", Protocol::http2, true, "over HTTP/2"},
              {"h2c", Protocol::http2, false, "over HTTP/2"}};
  for (const auto& way : ways) {
    const Report report = run_checked(over(*nginx, way.socket, way.protocol, way.tls, way.expected));
    BOOST_TEST(report.all().ok == 200U,
               way.socket << ": ok " << report.all().ok << ", failed " << report.all().failures());
    BOOST_TEST(report.connections[0].opened >= 5U, way.socket);  // nginx closes each after 40 requests
    BOOST_TEST(report.connections[0].opened < 100U, way.socket);
    BOOST_TEST(report.connections[0].closed_by_peer + report.connections[0].closed_by_us > 0U, way.socket);
  }
}

BOOST_AUTO_TEST_CASE(many_requests_share_one_http2_connection) {
  const Nginx* nginx = nginx_or_skip();
  if (nginx == nullptr) return;
  Profile asked = over(*nginx, "h2", Protocol::http2, true, "over HTTP/2");
  asked.model = Model::closed;
  asked.stages = {{"load", 20, 20, seconds(1)}};
  asked.connections = 2;
  const Report report = run_checked(asked);
  for (std::size_t i = 0; i < kCauses; ++i)
    BOOST_TEST(report.all().failed[i] == 0U, to_text(static_cast<Cause>(i)) << ": " << report.all().failed[i]);
  BOOST_TEST(report.all().ok > 100U);
  BOOST_TEST(report.connections[0].open_max <= 2U);
}

BOOST_AUTO_TEST_CASE(a_server_nobody_vouches_for_is_a_failure_of_tls) {
  const Nginx* nginx = nginx_or_skip();
  if (nginx == nullptr) return;
  Profile asked = over(*nginx, "tls", Protocol::http1, true, "over");
  asked.targets[0].tls->ca_file = nginx->file("client.pem");
  const Report unknown = run_checked(asked);
  BOOST_TEST(failed_by(unknown, Cause::tls) == 200U);
  BOOST_TEST(unknown.connections[0].tls_failure == "unable to get local issuer certificate");
  asked = over(*nginx, "tls", Protocol::http1, true, "over");
  asked.targets[0].tls->server_name = "other.test";
  const Report misnamed = run_checked(asked);
  BOOST_TEST(failed_by(misnamed, Cause::tls) == 200U);
  BOOST_TEST(misnamed.connections[0].tls_failure == "hostname mismatch");
  asked.targets[0].tls->verify = false;
  BOOST_TEST(run_checked(asked).all().ok == 200U);
  asked.targets[0].tls->ca_file = "/no/such/file";
  asked.targets[0].tls->verify = true;
  BOOST_TEST(!run(asked, {}).ok());
}

BOOST_AUTO_TEST_CASE(a_client_may_show_a_certificate) {
  const Nginx* nginx = nginx_or_skip();
  if (nginx == nullptr) return;
  Profile asked = over(*nginx, "client", Protocol::http1, true, "you are known");
  BOOST_TEST(run_checked(asked).all().check_failed == 200U);  // nginx says 400
  asked.targets[0].tls->cert_file = nginx->file("client.pem");
  asked.targets[0].tls->key_file = nginx->file("client.key");
  BOOST_TEST(run_checked(asked).all().ok == 200U);
}

BOOST_AUTO_TEST_CASE(a_peer_that_speaks_neither_tls_nor_http2_is_counted_as_such) {
  Server server(each_request([](const std::string&) { return response("x"); }));
  Profile asked = profile(server.port(), Model::open, 50, seconds(1));
  asked.targets[0].tls = Tls{};
  asked.connect_timeout = milliseconds(500);
  const Report tls = run_checked(asked);
  BOOST_TEST(failed_by(tls, Cause::tls) + failed_by(tls, Cause::connect_timeout) == 50U);
  BOOST_TEST(tls.connections[0].tls_failure.empty() == (failed_by(tls, Cause::tls) == 0U));
  asked.targets[0].tls.reset();
  asked.targets[0].protocol = Protocol::http2;
  asked.response_timeout = milliseconds(500);
  const Report h2 = run_checked(asked);
  BOOST_TEST(h2.all().ok == 0U);
  BOOST_TEST(h2.all().failures() == 50U);
}

BOOST_AUTO_TEST_SUITE_END()
