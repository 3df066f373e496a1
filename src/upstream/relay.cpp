#include "upstream/relay.h"

#include <algorithm>

#include "conf/units.h"
#include "http/connection.h"

namespace bext::upstream {

using http::Piece;
using http::Verdict;

namespace {
constexpr std::size_t kBlock = 32768;  // received at once when the buffers allow it
constexpr std::size_t kLeast = 1024;   // less room is not worth a read
}  // namespace

Relay::Relay(Exchange& exchange)
    : x_(exchange), r_(exchange.request), pending_(exchange.request.arena), blocks_(exchange.request.arena),
      started_(net::Loop::current().unix_seconds()) {
    auto& buffers = *x_.conf.buffers;
    auto total = static_cast<std::size_t>(buffers.count * buffers.size);
    block_size_ = std::max<std::size_t>(buffers.size, std::min(total, kBlock));
    most_memory_ = std::max(total, 2 * block_size_);
    if (!x_.conf.limit_rate->empty()) rate_ = conf::parse_size(x_.conf.limit_rate->evaluate(r_)).value_or(0);
}

Relay::~Relay() {
    for (auto& block : blocks_) pool_release(block.data, block.size);
}

Relay::Block* Relay::new_block(std::size_t size) {
    memory_ += size;
    return &blocks_.push({static_cast<char*>(pool_allocate(size)), size, 0, 0});
}

/// Room for the next bytes; empty when the client has to take some first.
std::span<char> Relay::room() {
    full_ = false;
    for (auto& block : blocks_)
        if (block.size - block.used >= std::min(kLeast, block.size)) return {block.data + block.used, block.size - block.used};
    if (memory_ + block_size_ <= most_memory_) {
        auto size = block_size_;
        // A short body needs no large block.
        if (x_.length > 0 && !x_.eager && blocks_.empty()) size = std::min(size, static_cast<std::size_t>(x_.length) + 1);
        auto* block = new_block(size);
        return {block->data, block->size};
    }
    full_ = true;
    if (!draining_ || file_size_ >= x_.conf.max_temp_file || !spill()) return {};
    for (auto& block : blocks_)
        if (block.size - block.used >= std::min(kLeast, block.size)) return {block.data + block.used, block.size - block.used};
    return {};
}

/// Moves what is pending in memory to the temporary file. False when nothing was, or it failed (logged).
bool Relay::spill() {
    if (!file_) {
        auto fd = http::open_temp_file(*x_.conf.temp_path, file_name_);
        if (!fd) return x_.log(Level::kCrit, fd.error().text), x_.broken = true, false;
        file_ = std::move(*fd);
        x_.log(Level::kWarn, cat({"an upstream response is buffered to a temporary file ", file_name_}));
    }
    std::size_t kept = 0;
    bool moved = false;
    for (auto& piece : pending_) {
        auto out = piece;
        if (piece.in_memory()) {
            auto done = http::write_temp_file(file_.get(), {piece.data, piece.size}, file_size_, file_name_);
            if (!done) return x_.log(Level::kCrit, done.error().text), x_.broken = true, false;
            out = Piece::file(file_.get(), static_cast<off_t>(file_size_), piece.size);
            file_size_ += piece.size;
            moved = true;
        }
        auto* last = kept ? &pending_[kept - 1] : nullptr;
        if (last && last->in_file() && out.in_file() && last->offset + static_cast<off_t>(last->size) == out.offset)
            last->size += out.size;
        else
            pending_[kept++] = out;
    }
    std::size_t i = 0;
    pending_.remove_if([&](auto&) { return i++ >= kept; });
    for (auto& block : blocks_) block.used = block.busy;
    return moved;
}

bool Relay::take(std::string_view bytes) {
    received_ += bytes.size();
    x_.state()->response_length += bytes.size();
    auto before = pending_.size();
    bool good = x_.protocol.take(x_, bytes, pending_);
    for (auto i = before; i < pending_.size(); ++i) pending_size_ += pending_[i].size;
    if (!good) senseless_ = true;
    // Of what was nothing for the client (framing, standard error) no room stays taken.
    if (pending_.empty())
        for (auto& block : blocks_) block.used = block.busy;
    return good;
}

Relay::Got Relay::receive(std::span<char> into) {
    auto& stream = x_.link_->stream();
    ssize_t n = stream.read(into);
    if (n > 0) {
        x_.state()->bytes_received += static_cast<std::uint64_t>(n);
        for (auto& block : blocks_)
            if (into.data() == block.data + block.used) {
                block.used += static_cast<std::size_t>(n);
                break;
            }
        return take({into.data(), static_cast<std::size_t>(n)}) ? Got::kBytes : Got::kFailed;
    }
    if (n == -EAGAIN) return Got::kNothing;
    if (n == 0) {
        x_.eof_ = true;
        return Got::kEnd;
    }
    x_.log(Level::kError, "recv() failed", static_cast<int>(-n));
    x_.broken = true;
    return Got::kFailed;
}

/// Whether what is pending is worth a write to the client: nginx passes whole buffers on, or decoded chunks.
bool Relay::enough() const {
    if (pending_.empty()) return false;
    return x_.eager || full_ || pending_size_ >= x_.conf.buffers->size;
}

/// Gives what is pending to the client. False: it is gone.
bool Relay::give() {
    pending_size_ = 0;
    bool alive = r_.push(pending_, false, true);
    pending_.clear();
    if (!alive) return false;
    bool backlog = r_.backlog();
    for (auto& block : blocks_) {
        if (backlog) block.busy = block.used;
        else block.used = block.busy = 0;
    }
    if (backlog) spawn(drain());
    return true;
}

Task<> Relay::drain() {
    draining_ = true;
    try {
        bool alive = co_await r_.drain();
        static_cast<void>(alive);  // Request::aborted says so
    } catch (const std::bad_alloc&) {
        r_.aborted = r_.main.out_of_memory = true;
    }
    draining_ = false;
    drained();
    x_.wake();  // last: it may end the request
}

void Relay::drained() {
    for (auto& block : blocks_) {
        if (block.used == block.busy) block.used = 0;
        block.busy = 0;
    }
}

Task<> Relay::settle() {
    if (draining_ && x_.gone_) r_.main.sink->abandon();
    while (draining_) {
        auto wait = co_await net::Stream::Waiting(x_.gate_, false, 0);
        static_cast<void>(wait);
        if (draining_ && x_.gone_) r_.main.sink->abandon();
    }
}

/// Milliseconds until `…_limit_rate` allows the next read; 0: now.
std::uint64_t Relay::rate_delay() {
    if (!rate_) return 0;
    auto seconds = static_cast<std::uint64_t>(net::Loop::current().unix_seconds() - started_ + 1);
    auto allowed = rate_ * seconds;
    return received_ < allowed ? 0 : (received_ - allowed) * 1000 / rate_ + 1;
}

int Relay::broken_status() {
    if (x_.eof_ && !x_.broken) x_.log(Level::kError, "upstream prematurely closed connection");
    return http::status::kBadGateway;
}

Task<int> Relay::buffered() {
    r_.log_action = "reading upstream";
    take(x_.buffer.unused());
    for (;;) {
        if (x_.gone_) co_return http::status::kClientClosed;
        if (r_.aborted || senseless_) co_return -1;
        if (x_.broken) co_return broken_status();
        if (complete()) co_return 0;
        if (x_.eof_) co_return broken_status();
        if (!draining_ && enough()) {
            if (!give()) co_return -1;
            continue;
        }
        auto into = room();
        if (into.empty()) {
            if (!draining_) {  // full: what is pending goes out although it is little
                if (!give()) co_return -1;
                continue;
            }
            auto wait = co_await net::Stream::Waiting(x_.gate_, false, 0);
            static_cast<void>(wait);
            continue;
        }
        if (auto delay = rate_delay()) {
            co_await net::Sleep(delay);
            continue;
        }
        if (rate_ && into.size() > rate_) into = into.first(rate_);
        auto wait = co_await x_.link_->stream().readable(static_cast<std::uint64_t>(x_.conf.read_timeout->count()));
        if (wait == net::Wait::kTimeout) {
            r_.log_action = "reading upstream";
            x_.log(Level::kError, "upstream timed out", ETIMEDOUT);
            pending_.clear();
            co_return http::status::kGatewayTimeout;
        }
        if (wait == net::Wait::kReady) receive(into);
    }
}

/// As it comes: every piece goes to the client before the next is read.
Task<int> Relay::unbuffered() {
    r_.limit_rate = 0;
    r_.limit_rate_set = true;
    bool begun = !x_.buffer.unused().empty();
    take(x_.buffer.unused());
    r_.log_action = begun ? "sending to client" : "reading upstream";
    auto* block = new_block(std::max<std::size_t>(x_.conf.buffer_size->value, 4096));
    std::span<char> into{block->data, block->size};
    bool first = true;
    for (;;) {
        if (x_.gone_) co_return http::status::kClientClosed;
        if (r_.aborted || senseless_) co_return -1;
        if (complete()) co_return 0;
        if (!pending_.empty() || first) {
            first = false;
            pending_size_ = 0;
            if (!pending_.empty()) r_.log_action = "sending to client";
            bool alive = co_await r_.send(pending_, false, true);
            pending_.clear();
            if (!alive) co_return -1;
            continue;
        }
        if (x_.broken || x_.eof_) co_return broken_status();
        auto& stream = x_.link_->stream();
        if (!stream.readable(1).await_ready()) r_.log_action = "reading upstream";
        auto wait = co_await stream.readable(static_cast<std::uint64_t>(x_.conf.read_timeout->count()));
        if (wait == net::Wait::kTimeout) {
            x_.log(Level::kError, "upstream timed out", ETIMEDOUT);
            co_return http::status::kGatewayTimeout;
        }
        blocks_[0].used = 0;
        if (wait == net::Wait::kReady) receive(into);
    }
}

Task<Verdict> Exchange::relay_body() {
    if (upgrade) {
        co_await tunnel();
        co_return Verdict::done();
    }
    auto& relay = *request.arena.make<Relay>(*this);
    relay_ = &relay;
    protocol.begin_body(*this);
    int status = 0;
    if (buffering) {
        status = co_await relay.buffered();
    } else {
        status = co_await relay.unbuffered();
    }
    finish(status == 0);
    co_await relay.settle();
    request.log_action = "sending to client";
    if (status == 0) {
        relay_trailers(*this);
        relay.push_last();
        co_return Verdict::done();
    }
    if (status == http::status::kClientClosed && !request.main.sink->spoken()) co_return Verdict::status(status);
    if (status > 0 && status != http::status::kClientClosed && !request.aborted) {
        request.keepalive = false;
        bool alive = co_await request.send(relay.pending(), false, true);
        static_cast<void>(alive);
    }
    request.aborted = true;
    if (status == http::status::kClientClosed) request.main.aborted = true;
    co_return Verdict::done();
}

}  // namespace bext::upstream
