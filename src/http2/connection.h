// A client's HTTP/2 connection: takes frames, has a stream for each request, and sends what they have to say, many in one write.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "http/connection.h"
#include "http/core_conf.h"
#include "http/site.h"
#include "http/thread.h"
#include "http2/frames.h"
#include "http2/hpack.h"
#include "http2/stream.h"

namespace bext::http2 {

/// What an HTTP/2 connection does in the words of the error log.
inline constexpr std::string_view kAction = "processing HTTP/2 connection";

class ClientConnection final : public http::Connection, private http::LiveConnection {
public:
    /// Goes on with what `from` is connected to, `read_ahead` being what was read of it, until it ends; then frees itself.
    static void serve(http::Connection& from, std::string_view read_ahead);

    // For its streams.

    /// Room for a frame of `size` bytes, which put() then adds to what is sent.
    char* room(std::size_t size);
    void put(std::size_t size) { out_end_ += size; }
    /// Bytes of DATA frames that there is room for now.
    std::size_t data_room() const;
    std::int64_t send_window() const { return send_window_; }
    void use_window(std::int64_t bytes) { send_window_ -= bytes; }
    std::uint32_t frame_size() const { return frame_size_; }
    std::uint64_t next_turn() { return ++turns_; }
    bool take_table_update() { return std::exchange(table_update_, false); }
    /// Sends what there is, once, when what runs now has run.
    void flush_later();
    void send_window_update(std::uint32_t stream, std::uint32_t bytes);
    void send_reset(std::uint32_t stream, Code code);
    void finished(Stream& stream);
    /// Has the stream look at what has come for it, once all that came is taken.
    void wake(Stream& stream);

private:
    explicit ClientConnection(http::Connection& from);
    ~ClientConnection() override;
    Task<> run();
    Task<> read_frames();
    Task<> linger();
    void begin();
    void end_streams();
    void sweep();
    void wake_streams();
    void await_head();
    void tell_end(Stream& stream);
    /// The settings of module record C in the server that holds while no host is known.
    template <class C>
    const C& conf() const {
        return *static_cast<const C*>(first_server().root.records[conf::slot_of<C>]);
    }

    // What comes in (input.cpp, blocks.cpp, control.cpp).
    void take(std::string_view bytes);
    bool gather(std::string_view& bytes, std::size_t size);
    void begin_frame(const FrameHead& head);
    void expect(std::size_t prefix);
    void take_prefix(const char* bytes);
    void take_payload(std::string_view bytes, bool last);
    void end_frame();
    void fail(Code code, std::string_view why);
    void goaway(Code code);
    bool expects_continuation(const FrameHead& head);
    void begin_data();
    void begin_headers();
    void open_headers(const char* prefix);
    void begin_trailers(Stream& stream);
    void begin_stream();
    Code refuse_stream();
    void begin_block(std::uint32_t id);
    void header_block(std::string_view bytes, bool last);
    void header_block_done();
    void take_setting(std::uint16_t id, std::uint32_t value);
    void settings_done();
    void shift_windows(std::int64_t by);
    void take_reset(Code code);
    void take_window_update(std::uint32_t bytes);
    void take_priority(const char* bytes);
    void take_priority_update(std::string_view bytes);
    void note_reset();
    Stream* find(std::uint32_t id) const;
    bool idle_stream(std::uint32_t id) const { return id && (id % 2 == 0 || id > last_id_); }
    enum class Closed : std::uint8_t { kUnknown, kByClient, kByUs };
    Closed how_closed(std::uint32_t id) const;

    // What goes out (writing.cpp).
    void flush();
    void fill();
    Stream* next_to_send() const;
    bool write();
    Task<> write_rest();
    void small(Type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload);
    void put_small(Type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload);
    void release_out();

    // http::LiveConnection (ending.cpp)
    void close(Why why) override;
    void drain(bool last_call) override;
    void wind_down() override;
    void follow() override;
    void expire(Why why, std::uint64_t before) override;
    void each_site(const std::function<void(const http::Site&, bool in_request)>& call) const override;
    void look_again();
    void became_idle();
    void became_busy();
    void last_goaway();
    void head_late();
    bool done() const { return over_ || (goaway_sent_ && streams_.empty() && out_begin_ == out_end_); }
    static void time_over(net::Timer& timer);

    http::Thread& thread_;
    std::string read_ahead_bytes_;

    // The frame that is being taken.
    enum class Step : std::uint8_t { kPreface, kHead, kPrefix, kPayload, kPadding } step_ = Step::kPreface;
    FrameHead frame_;
    std::size_t prefix_ = 0;   // bytes before its payload that are wanted whole
    std::uint32_t left_ = 0;   // of its payload
    std::uint32_t padding_ = 0;
    std::array<char, 32> gathered_;
    std::size_t gathered_size_ = 0;
    std::string priority_text_;
    std::size_t preface_seen_ = 0;
    bool settings_acknowledged_ = false;

    // The header block that is being taken.
    HeaderDecoder decoder_;
    std::uint32_t block_id_ = 0;  // whose; 0: none
    bool block_ends_stream_ = false;
    Stream* block_stream_ = nullptr;  // null: it is only decoded
    bool block_is_trailers_ = false;
    std::size_t block_left_ = 0, field_limit_ = 0;  // bytes that its fields may still have, and each of them
    unsigned continuations_ = 0;
    std::size_t encoded_ = 0;  // bytes that the field which is being decoded takes there

    std::vector<Stream*> streams_;  // by their number
    std::vector<Stream*> woken_;
    std::vector<Stream*> ended_;    // to be freed when nothing of them runs
    std::uint32_t last_id_ = 0, last_served_ = 0;
    std::array<std::uint32_t, 32> closed_{};  // numbers of the last ones, times two, and one when we closed it
    std::size_t closed_next_ = 0;

    std::int64_t send_window_ = kDefaultWindow, recv_window_ = kMaxWindow;
    std::int64_t initial_window_ = kDefaultWindow;
    std::int64_t window_shift_ = 0;
    std::uint32_t frame_size_ = kDefaultFrame;
    bool table_update_ = false;
    std::uint64_t turns_ = 0;

    char* out_ = nullptr;
    std::size_t out_room_ = 0, out_begin_ = 0, out_end_ = 0;
    bool taking_ = false, flushing_ = false, flush_due_ = false, writing_ = false;

    // Against floods.
    std::uint64_t total_bytes_ = 0, payload_bytes_ = 0, idle_turns_ = 0;
    std::uint64_t new_streams_ = 0, refused_streams_ = 0;
    std::int64_t priorities_left_ = 0, resets_left_ = 1000;
    std::uint64_t resets_at_ = 0;

    bool goaway_sent_ = false, going_ = false, over_ = false, broken_ = false, ended_by_peer_ = false, idle_ = false;
    net::Gate end_gate_;
    struct Deadline : net::Timer {
        explicit Deadline(ClientConnection& c) : Timer(&ClientConnection::time_over), connection(c) {}
        ClientConnection& connection;
    } deadline_{*this};
    enum class Due : std::uint8_t { kIdle, kHead, kGoAway } due_ = Due::kIdle;

    friend class Stream;
};

/// Makes connections go on in HTTP/2 where that was agreed on; called once by the main.
void install();

}  // namespace bext::http2
