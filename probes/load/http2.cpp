#include "probes/load/http2.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace mccoy::load {
namespace {
constexpr std::int32_t kWindow = 1 << 20;
constexpr std::uint32_t kNobody = UINT32_MAX;  ///< the tag of a stream that was given up

struct Stream {
  std::int32_t id = -1;
  std::uint32_t tag = 0;
  int status = 0;
  bool ended = false;  ///< the peer's END_STREAM was seen
  std::string body;
  std::size_t body_sent = 0;
};

int digits(std::string_view text) {
  int value = 0;
  for (const char digit : text) value = digit >= '0' && digit <= '9' && value < 1000 ? value * 10 + (digit - '0') : 0;
  return value;
}

nghttp2_nv field(const std::pair<std::string, std::string>& pair) {
  const auto bytes = [](const std::string& text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(pair.first), bytes(pair.second), pair.first.size(), pair.second.size(), NGHTTP2_NV_FLAG_NONE};
}
}  // namespace

struct Http2::State {
  explicit State(Http2Owner& told) : owner(told) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ::nghttp2_session_del(session); }

  Http2Owner& owner;
  nghttp2_session* session = nullptr;
  std::vector<std::unique_ptr<Stream>> streams = {};
  bool going_away = false;

  Stream* stream(std::int32_t id) { return static_cast<Stream*>(::nghttp2_session_get_stream_user_data(session, id)); }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self);
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                     void* self);
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self);
  void over(std::int32_t id, std::uint32_t error);
  static int on_not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* self);
  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t error, void* self);
  static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t size, std::uint32_t* flags,
                           nghttp2_data_source* source, void*);
};

int Http2::State::on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                            std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                            void* self) {
  auto& state = *static_cast<State*>(self);
  Stream* stream = frame->hd.type == NGHTTP2_HEADERS ? state.stream(frame->hd.stream_id) : nullptr;
  if (stream == nullptr) return 0;
  const std::string_view n(reinterpret_cast<const char*>(name), name_size);
  const std::string_view v(reinterpret_cast<const char*>(value), value_size);
  if (n == ":status") stream->status = digits(v);
  if (stream->status / 100 != 1) state.owner.h2_field(stream->tag, n, v);
  return 0;
}

int Http2::State::on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                          void* self) {
  auto& state = *static_cast<State*>(self);
  if (Stream* stream = state.stream(id); stream != nullptr)
    state.owner.h2_body(stream->tag, {reinterpret_cast<const char*>(data), size});
  return 0;
}

int Http2::State::on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  auto& state = *static_cast<State*>(self);
  if (frame->hd.type == NGHTTP2_GOAWAY) state.going_away = true;
  const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (!ends || (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS)) return 0;
  if (Stream* stream = state.stream(frame->hd.stream_id); stream != nullptr) stream->ended = true;
  return 0;
}

void Http2::State::over(std::int32_t id, std::uint32_t error) {
  const auto found = std::ranges::find(streams, id, [](const auto& stream) { return stream->id; });
  if (found == streams.end()) return;
  std::swap(*found, streams.back());
  const auto stream = std::move(streams.back());
  streams.pop_back();
  if (stream->tag == kNobody) return;
  const std::uint32_t cut_short = error == 0 ? std::uint32_t{NGHTTP2_PROTOCOL_ERROR} : error;
  owner.h2_closed(stream->tag, stream->status, stream->ended ? 0 : cut_short);
}

int Http2::State::on_close(nghttp2_session*, std::int32_t id, std::uint32_t error, void* self) {
  static_cast<State*>(self)->over(id, error);
  return 0;
}

/// A request that was waiting to be written when the peer said it takes no more.
int Http2::State::on_not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* self) {
  if (frame->hd.type == NGHTTP2_HEADERS) static_cast<State*>(self)->over(frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
  return 0;
}

ssize_t Http2::State::read_body(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t size,
                                std::uint32_t* flags, nghttp2_data_source* source, void*) {
  auto& stream = *static_cast<Stream*>(source->ptr);
  const std::size_t part = std::min(size, stream.body.size() - stream.body_sent);
  std::ranges::copy(stream.body.substr(stream.body_sent, part), into);
  stream.body_sent += part;
  if (stream.body_sent == stream.body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(part);
}

Http2::Http2(std::unique_ptr<State> state) : state_(std::move(state)) {}
Http2::~Http2() = default;

std::unique_ptr<Http2> Http2::make(Http2Owner& owner) {
  auto state = std::make_unique<State>(owner);
  nghttp2_session_callbacks* callbacks = nullptr;
  if (::nghttp2_session_callbacks_new(&callbacks) != 0) return nullptr;
  ::nghttp2_session_callbacks_set_on_header_callback(callbacks, &State::on_header);
  ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &State::on_data);
  ::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &State::on_frame);
  ::nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &State::on_close);
  ::nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, &State::on_not_sent);
  const int made = ::nghttp2_session_client_new(&state->session, callbacks, state.get());
  ::nghttp2_session_callbacks_del(callbacks);
  if (made != 0) return nullptr;
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}};
  ::nghttp2_submit_settings(state->session, NGHTTP2_FLAG_NONE, settings, 2);
  ::nghttp2_session_set_local_window_size(state->session, NGHTTP2_FLAG_NONE, 0, 16 * kWindow);
  return std::unique_ptr<Http2>(new Http2(std::move(state)));
}

bool Http2::send(const Fields& fields, std::string_view body, std::uint32_t tag) {
  std::vector<nghttp2_nv> list;
  list.reserve(fields.size());
  for (const auto& pair : fields) list.push_back(field(pair));
  auto stream = std::make_unique<Stream>();
  stream->tag = tag;
  stream->body = body;
  const nghttp2_data_provider provider{{.ptr = stream.get()}, &State::read_body};
  stream->id = ::nghttp2_submit_request(state_->session, nullptr, list.data(), list.size(),
                                        body.empty() ? nullptr : &provider, stream.get());
  if (stream->id < 0) return false;
  state_->streams.push_back(std::move(stream));
  return true;
}

void Http2::cancel(std::uint32_t tag) {
  const auto found = std::ranges::find(state_->streams, tag, [](const auto& stream) { return stream->tag; });
  if (found == state_->streams.end()) return;
  // The stream's data stays where it is until the session is done with it: it only gets nobody's tag.
  ::nghttp2_session_set_stream_user_data(state_->session, (*found)->id, nullptr);
  ::nghttp2_submit_rst_stream(state_->session, NGHTTP2_FLAG_NONE, (*found)->id, NGHTTP2_CANCEL);
  (*found)->tag = kNobody;
}

bool Http2::receive(std::string_view bytes) {
  return ::nghttp2_session_mem_recv(state_->session, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                    bytes.size()) >= 0;
}

std::string_view Http2::to_write() {
  const std::uint8_t* bytes = nullptr;
  const ssize_t size = ::nghttp2_session_mem_send(state_->session, &bytes);
  return size > 0 ? std::string_view(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size))
                  : std::string_view();
}

bool Http2::takes_more() const {
  const auto remote = ::nghttp2_session_get_remote_settings(state_->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return !state_->going_away && state_->streams.size() < std::min<std::size_t>(kStreamsMax, remote) &&
         ::nghttp2_session_check_request_allowed(state_->session) != 0;
}

bool Http2::finished() const {
  return ::nghttp2_session_want_read(state_->session) == 0 && ::nghttp2_session_want_write(state_->session) == 0;
}

std::size_t Http2::open() const {
  return state_->streams.size();
}
}  // namespace mccoy::load
