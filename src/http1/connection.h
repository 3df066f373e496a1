// A client's HTTP/1 connection: reads heads, makes requests of them, and is their sink and the source of their bodies.
#pragma once

#include <memory>
#include <vector>

#include "http/connection.h"
#include "http/core_conf.h"
#include "http/intake.h"
#include "http/request.h"
#include "http/site.h"
#include "http/thread.h"
#include "http1/chunked.h"
#include "http1/header_parser.h"
#include "http1/request_parser.h"
#include "net/socket.h"

namespace bext::http1 {

/// Bytes received and not yet used. Filled from the stream; a line never spans two buffers.
struct Buffer {
    char* data = nullptr;
    std::size_t size = 0;
    std::size_t begin = 0;  // first unused byte
    std::size_t end = 0;

    std::string_view unused() const { return {data + begin, end - begin}; }
    bool full() const { return end == size; }
};

class ClientConnection final : public http::Connection, public http::Sink, public http::BodySource, private http::LiveConnection {
public:
    /// Takes the accepted socket and serves it until it ends, then frees itself.
    static void serve(http::Thread& thread, const http::Listen& listen, Fd fd, const net::Address& client);
    /// Takes over what another process served so far.
    static void adopt(http::Thread& thread, const http::Listen& listen, Fd fd, const http::PassedConnection& passed);

    // Sink
    void header(http::Request& request) override;
    bool body(http::Request& request, const http::Chain& chain, bool last, bool flush) override;
    bool backlog() const override { return next_piece_ < queue_size_ && !held_waiting_; }
    Task<bool> drain(http::Request& request) override;
    bool delimits() const override { return false; }
    std::uint64_t sent(const http::Request&) const override { return stream_ ? stream_->sent - request_start_sent_ : 0; }
    bool gone() const override { return stream_ && stream_->hung_up(); }
    bool spoken() const override { return requests > 1 || !stream_ || stream_->sent > 0; }
    void abandon() override {
        if (stream_) stream_->cancel();
    }
    net::Stream* take_over(std::string_view& unread) override;

    // BodySource
    Task<Read> read(std::span<char> into) override;
    ssize_t read_now(std::span<char> into) override;
    void send_continue() override;
    int discard_available() override;
    bool finished() const override { return body_done_; }
    std::size_t buffer_size(std::int64_t length, std::size_t configured) const override;


private:
    enum class Next : std::uint8_t { kMore, kDone, kRefused, kClose };

    ClientConnection(http::Thread& thread, const http::Listen& listen, Fd fd, const net::Address& client);
    ~ClientConnection() override;
    void start();
    Task<> run();
    Task<> run_through();
    void note_shortage();
    void answer_without_memory();
    Task<bool> read_head();
    Task<bool> leave_for_http2();
    bool begin_request(bool waited, bool pipelined);
    Task<bool> fill(std::uint64_t timeout_ms);
    void note_end(bool first);
    void note_unfinished_head();
    void log_unanswered(int status);
    std::string_view head_action() const;
    Task<> end_request();
    Task<> linger();
    Task<bool> discard_rest();
    Task<Read> read_raw(std::span<char> into);
    ssize_t raw_now(std::span<char> into);
    net::Stream::Waiting more(std::uint64_t timeout_ms);
    void became_idle();
    bool pass();

    // http::LiveConnection (http1/ending.cpp)
    void close(Why why) override;
    void drain(bool last_call) override;
    void follow() override;
    void expire(Why why, std::uint64_t before) override;
    void each_site(const std::function<void(const http::Site&, bool)>& call) const override;
    bool move_over();
    void say_goodbye();
    void use_wire(const http::Server& server);

    // The head (http1/head.cpp).
    Next parse();
    Next parse_line();
    Next want_more_line();
    Next refuse_line(Parse verdict);
    Next parse_headers();
    Next head_complete();
    Next refuse(int status, std::string_view why);
    Next follow(const http::Refusal& refusal);
    bool grow(std::size_t line_begin);
    void follow_wire();

    // The way out (http1/output.cpp).
    void queue(const http::Piece& piece);
    void hold(std::string_view text);
    bool postpone(http::Request& request);
    ssize_t write_some(http::Request& request, std::uint64_t most);
    ssize_t write_file(http::Request& request, http::Piece& piece, std::uint64_t most);
    enum class Flushed : std::uint8_t { kAll, kBlocked, kFailed };
    Flushed flush(http::Request& request);
    void release_buffers();
    void use_body_buffer();
    /// $request_length counts what was read of a body that somebody wanted, as it came.
    void count(std::uint64_t bytes) {
        if (!request_->discarding) request_->request_length += bytes;
    }

    http::Thread& thread_;

    Buffer in_;
    std::vector<Buffer> old_;  // full buffers that the head still points into
    unsigned large_ = 0;       // large buffers of this head
    RequestLineParser line_parser_;
    HeaderLineParser header_parser_;
    int read_error_ = 0;  // why fill() got nothing: 0 the client has closed, ETIMEDOUT, ECANCELED, or what the stream said
    bool line_done_ = false;
    bool acknowledged_ = false;
    std::size_t line_begin_ = 0;  // of the line being parsed, in in_
    const http::Wire* wire_ = nullptr;
    http::Intake intake_;
    std::unique_ptr<http::Request> request_;
    int refused_ = 0;
    unsigned in_turn_ = 0;  // pipelined requests, one behind the other

    // The body being received.
    ChunkedDecoder chunked_;
    std::int64_t body_left_ = 0;
    std::uint64_t body_size_ = 0;
    bool body_done_ = true;
    bool continue_sent_ = false;

    // What is to be written: pieces from next_piece_ on.
    http::Piece* queue_ = nullptr;
    std::uint32_t queue_size_ = 0, queue_capacity_ = 0, next_piece_ = 0;
    std::uint64_t queued_ = 0;
    char* held_ = nullptr;
    std::size_t held_size_ = 0, held_capacity_ = 0;
    bool held_waiting_ = false;  // all that is queued was copied and waits for more
    std::uint64_t delay_ms_ = 0;  // until the rate allows more
    bool plain_on_tls_ = false;
    bool failed_ = false;  // the stream is broken: no lingering
    std::uint64_t request_start_sent_ = 0;
    std::int64_t keepalive_ms_ = 0;
    std::size_t head_size_ = 0;
    bool ends_now_ = false;  // after the last bytes, which may be held back, shutdown_write() follows at once
    bool nodelay_ = false;
    bool header_parsed_ = false;
    bool adopted_ = false;  // from another process, which has read the PROXY header
    bool idle_ = false;  // in the thread's list of such
    bool body_buffer_ = false;  // in_ holds body bytes only
};

}  // namespace bext::http1
