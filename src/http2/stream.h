// A stream of a client's HTTP/2 connection: one request, the sink of its answer and the source of its body.
#pragma once

#include <cstdint>

#include "http/body.h"
#include "http/intake.h"
#include "http/request.h"
#include "http2/frames.h"
#include "net/stream.h"

namespace bext::http2 {

class ClientConnection;

/// How urgent an answer is (RFC 9218).
struct Priority {
    std::uint8_t urgency = 3;  // 0 comes first, 7 last
    bool incremental = true;   // takes turns with others that are as urgent; what says nothing does, too
    /// Of a Priority field or a PRIORITY_UPDATE frame. What it cannot read stays as it is.
    void read(std::string_view text);
};

/// Belongs to its connection, until its request has ended.
class Stream final : public http::Sink, public http::BodySource {
public:
    Stream(ClientConnection& connection, std::uint32_t id);
    Stream(const Stream&) = delete;
    ~Stream() override;

    // Sink
    bool delimits() const override { return true; }
    void header(http::Request& request) override;
    bool body(http::Request& request, const http::Chain& chain, bool last, bool flush) override;
    bool backlog() const override { return left_ > 0; }
    Task<bool> drain(http::Request& request) override;
    std::uint64_t sent(const http::Request&) const override { return sent_; }
    bool gone() const override { return broken_; }
    bool spoken() const override { return sent_ > 0; }
    void abandon() override;

    // BodySource
    Task<Read> read(std::span<char> into) override;
    ssize_t read_now(std::span<char> into) override;
    int discard_available() override;
    std::size_t buffer_size(std::int64_t length, std::size_t configured) const override {
        if (length < 0) return configured + 1;  // as much as fits needs no file
        return static_cast<std::size_t>(length) > configured ? configured : static_cast<std::size_t>(length) + 1;
    }
    bool finished() const override { return in_closed_ && in_begin_ == in_end_; }
    void send_continue() override {}  // HTTP/2 clients are not asked, as with nginx

private:
    friend class ClientConnection;

    // The head (head.cpp).
    void field(std::string_view name, std::string_view value);
    bool valid(std::string_view name, std::string_view value);
    bool pseudo(std::string_view name, std::string_view value);
    bool path(std::string_view value);
    bool method(std::string_view value);
    bool scheme(std::string_view value);
    bool authority(std::string_view value);
    bool request_line();
    bool head_complete();
    bool connection_fields();
    bool hosts_agree();
    bool body_length();
    bool refuse(int status, std::string_view why);
    bool refuse(const http::Refusal& refusal);
    Task<> answer();
    Task<> run();

    // What comes in (body.cpp).
    void receive(std::string_view bytes);
    void end_of_input();
    void widen();
    void give_back();
    int check(std::size_t more);
    bool keeps_to_length(std::uint64_t taken) const;
    void stop(Code code);

    // What goes out (output.cpp).
    enum class Emitted : std::uint8_t { kYes, kNoRoom, kNoWindow, kDelayed, kNothing };
    Emitted emit();
    void put_header_block(const char* block, std::size_t size, bool end);
    void put_trailers();
    bool may_emit() const { return left_ > 0 && !broken_ && send_window_ > 0 && !delay_.armed(); }
    std::size_t copy(char* to, std::size_t size);

    ClientConnection& connection_;
    const std::uint32_t id_;
    Priority priority_;
    std::uint64_t turn_ = 0;  // when it last sent data, of its connection's

    http::Request request_;
    http::Intake intake_;
    int refused_ = 0;
    bool dead_ = false;  // it gets no answer
    bool has_line_ = false, has_authority_ = false;
    std::string_view scheme_, authority_;
    std::string_view cookies_;
    std::uint64_t progress_at_ = 0;  // ms of the loop: when it last sent data, or began to wait for that

    bool in_closed_ = false;    // the client has said all
    bool out_closed_ = false;   // so have we
    bool broken_ = false;       // reset, by either side, or the connection is lost
    bool reset_sent_ = false, client_reset_ = false;

    std::int64_t recv_window_, recv_target_;
    char* in_ = nullptr;
    std::size_t in_room_ = 0, in_begin_ = 0, in_end_ = 0;
    std::uint64_t received_ = 0;  // that were taken by the request
    net::Gate reader_;
    bool woken_ = false;  // it is to look at what has come

    std::int64_t send_window_;
    http::Chain queue_;
    std::size_t next_ = 0;    // of the queue: pieces before it are sent
    std::uint64_t left_ = 0;  // bytes of the queue
    bool last_ = false;       // the queue's end is the body's
    std::uint64_t sent_ = 0;
    net::Gate writer_;
    struct Delay : net::Timer {
        explicit Delay(Stream& s) : Timer(&Stream::delay_over), stream(s) {}
        Stream& stream;
    } delay_{*this};
    static void delay_over(net::Timer& timer);
};

}  // namespace bext::http2
