// Relay: an answer's body on its way from the peer to the client: through memory, and through a temporary file when the
// client is slow (ngx_event_pipe.c).
#pragma once

#include "upstream/exchange.h"

namespace bext::upstream {

class Relay {
public:
    explicit Relay(Exchange& exchange);
    Relay(const Relay&) = delete;
    ~Relay();

    /// Until the peer has sent everything. 0, or the status that the failure would have had. What remains is in pending().
    Task<int> buffered();
    Task<int> unbuffered();
    /// The last piece to the client.
    void push_last() { x_.request.push(pending_, true); }
    http::Chain& pending() { return pending_; }
    /// Waits until nothing is written in the background any more.
    Task<> settle();

private:
    struct Block {
        char* data;
        std::size_t size, used, busy;  // used: bytes received; busy: those that the client's side still reads
    };
    enum class Got : std::uint8_t { kBytes, kNothing, kEnd, kFailed };

    std::span<char> room();
    Block* new_block(std::size_t size);
    bool spill();
    void begin(bool take_first);
    bool take(std::string_view bytes);
    Got receive(std::span<char> into);
    bool enough() const;
    bool give();
    bool complete() const { return x_.length == 0 || (x_.eof_ && x_.length == -1); }
    int broken_status();
    std::uint64_t rate_delay();
    Task<> drain();
    void drained();

    Exchange& x_;
    http::Request& r_;
    http::Chain pending_;
    std::uint64_t pending_size_ = 0;
    List<Block> blocks_;
    std::size_t block_size_, most_memory_, memory_ = 0;
    Fd file_;
    std::string file_name_;
    std::uint64_t file_size_ = 0, received_ = 0, rate_ = 0;
    std::int64_t started_;
    bool draining_ = false, full_ = false, senseless_ = false;
};

}  // namespace bext::upstream
