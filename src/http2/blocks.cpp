// HEADERS and DATA: what opens a stream, its header blocks, and what its windows allow.
#include "http2/connection.h"

namespace bext::http2 {

namespace {
constexpr std::size_t kMostUnread = 512 * 1024;  // of answers without bodies, which no window holds up
}

Stream* ClientConnection::find(std::uint32_t id) const {
    auto at = std::lower_bound(streams_.begin(), streams_.end(), id, [](const Stream* s, std::uint32_t n) { return s->id_ < n; });
    return at != streams_.end() && (*at)->id_ == id ? *at : nullptr;
}

ClientConnection::Closed ClientConnection::how_closed(std::uint32_t id) const {
    for (auto one : closed_)
        if (one >> 1 == id) return one & 1 ? Closed::kByUs : Closed::kByClient;
    return Closed::kUnknown;
}

void ClientConnection::begin_data() {
    auto id = frame_.stream;
    auto size = static_cast<std::int64_t>(frame_.length);
    if (id == 0 || idle_stream(id)) return fail(Code::kProtocol, "client sent DATA frame with incorrect identifier");
    if (size > recv_window_)
        return fail(Code::kFlowControl, cat({"client violated connection flow control: received DATA frame length ", std::to_string(size),
                                             ", available window ", std::to_string(recv_window_)}));
    recv_window_ -= size;
    if (recv_window_ < kMaxWindow / 4) {
        send_window_update(0, static_cast<std::uint32_t>(kMaxWindow - recv_window_));
        recv_window_ = kMaxWindow;
    }
    auto* stream = find(id);
    if (!stream) {
        if (how_closed(id) == Closed::kByClient) {
            send_reset(id, Code::kStreamClosed);
            note_reset();
        }
        return expect(0);
    }
    if (stream->broken_) return expect(0);
    if (size > stream->recv_window_) {
        note(Level::kInfo, cat({"client violated flow control for stream ", std::to_string(id), ": received DATA frame length ",
                                std::to_string(size), ", available window ", std::to_string(stream->recv_window_)}), 0, kAction);
        stream->stop(Code::kFlowControl);
    } else if (stream->in_closed_) {
        note(Level::kInfo, cat({"client sent DATA frame for half-closed stream ", std::to_string(id)}), 0, kAction);
        stream->stop(Code::kStreamClosed);
    } else {
        stream->recv_window_ -= size;
    }
    if (!over_) expect(0);
}

/// A header block of that stream begins; large_client_header_buffers say what its fields may have, each and together.
void ClientConnection::begin_block(std::uint32_t id) {
    auto& buffers = *conf<http::Wire>().large_header_buffers;
    field_limit_ = buffers.size;
    block_left_ = buffers.size * buffers.count;
    block_id_ = id;
    block_ends_stream_ = frame_.has(kEndStream);
    continuations_ = 0;
    encoded_ = 0;
}

void ClientConnection::begin_headers() {
    std::size_t prefix = (frame_.has(kPadded) ? 1 : 0) + (frame_.has(kWithPriority) ? 5 : 0);
    if (frame_.length < prefix) return fail(Code::kFrameSize, cat({"client sent HEADERS frame with incorrect length ", std::to_string(frame_.length)}));
    if (frame_.length == prefix) return fail(Code::kFrameSize, "client sent HEADERS frame with empty header block");
    if (prefix) return expect(prefix);
    open_headers(nullptr);
    if (!over_) expect(0);
}

/// `prefix`: the pad length and the priority, as the flags have them.
void ClientConnection::open_headers(const char* prefix) {
    auto id = frame_.stream;
    if (frame_.has(kPadded)) {
        padding_ = static_cast<unsigned char>(*prefix++);
        if (padding_ > left_)
            return fail(Code::kProtocol, cat({"client sent padded HEADERS frame with incorrect length: ", std::to_string(left_), ", padding: ",
                                              std::to_string(padding_)}));
        left_ -= padding_;
    }
    if (frame_.has(kWithPriority) && (get32(prefix) & 0x7fffffff) == id)
        return fail(Code::kProtocol, cat({"client sent HEADERS frame for stream ", std::to_string(id), " with incorrect dependency"}));
    if (auto* stream = id % 2 ? find(id) : nullptr) return begin_trailers(*stream);
    if (id % 2 == 0 || id <= last_id_) {
        bool closed = id % 2 && how_closed(id) == Closed::kByClient;
        return fail(closed ? Code::kStreamClosed : Code::kProtocol, cat({"client sent HEADERS frame with incorrect identifier ", std::to_string(id),
                                                                          ", the last was ", std::to_string(last_id_)}));
    }
    last_id_ = id;
    begin_block(id);
    block_is_trailers_ = false;
    block_stream_ = nullptr;
    became_busy();
    if (goaway_sent_) return;
    if (auto code = refuse_stream(); code != Code::kNone) {
        if (refused_streams_++ > std::max<std::uint64_t>(static_cast<std::uint64_t>(*conf<http::Http2>().concurrent_streams), 100))
            return fail(Code::kNone, "client sent too many refused streams");
        send_reset(id, code);
        return;
    }
    begin_stream();
}

/// Why a new stream is not served; its client may try again.
Code ClientConnection::refuse_stream() {
    if (out_end_ - out_begin_ > kMostUnread) return Code::kRefused;
    auto most = static_cast<std::uint64_t>(*conf<http::Http2>().concurrent_streams);
    if (streams_.size() >= most) {
        note(Level::kInfo, cat({"concurrent streams exceeded ", std::to_string(streams_.size())}), 0, kAction);
        return Code::kRefused;
    }
    if (new_streams_++ >= 2 * most) {
        note(Level::kInfo, "client sent too many streams at once", 0, kAction);
        return Code::kRefused;
    }
    if (!settings_acknowledged_ && !block_ends_stream_ && static_cast<std::int64_t>(conf<http::Http2>().preread_size->value) < kDefaultWindow) {
        note(Level::kInfo, "client sent stream with data before settings were acknowledged", 0, kAction);
        return Code::kRefused;
    }
    return Code::kNone;
}

void ClientConnection::begin_stream() {
    if (!take_up_site() || !http::offers_http2(*listen, first_server())) {  // the configuration in force has no HTTP/2 here any more
        send_reset(block_id_, Code::kRefused);
        return goaway(Code::kNone);
    }
    ++requests;
    thread_.figures.add(Tally::kRequests);
    auto stream = std::make_unique<Stream>(*this, block_id_);
    streams_.push_back(stream.get());
    ended_.reserve(ended_.size() + streams_.size());
    block_stream_ = stream.release();
    block_stream_->in_closed_ = block_ends_stream_;
    last_served_ = block_id_;
    priorities_left_ += *conf<http::Http2>().concurrent_streams;
    auto& client = conf<http::Client>();
    auto age = thread_.loop.unix_milliseconds() - start_ms;
    if (client.keepalive_timeout->count() == 0 || requests >= *client.keepalive_requests || age > client.keepalive_time->count()) goaway(Code::kNone);
}

/// Fields behind the body: bext decodes them and has no use for them, as nginx (section 8.1).
void ClientConnection::begin_trailers(Stream& stream) {
    if (stream.in_closed_ && !stream.broken_) return fail(Code::kStreamClosed, cat({"client sent HEADERS frame for half-closed stream ", std::to_string(stream.id_)}));
    if (!frame_.has(kEndStream)) return fail(Code::kProtocol, "client sent HEADERS frame in the middle of a stream");
    begin_block(stream.id_);
    block_is_trailers_ = true;
    block_stream_ = &stream;
}

void ClientConnection::header_block(std::string_view bytes, bool last) {
    if (block_stream_ && !block_is_trailers_) block_stream_->request_.request_length += bytes.size();
    for (;;) {
        HeaderDecoder::Field field;
        auto before = bytes.size();
        auto step = decoder_.next(bytes, last, field);
        encoded_ += before - bytes.size();
        switch (step) {
            case HeaderDecoder::Step::kInvalid: return fail(Code::kCompression, "client sent invalid header block");
            case HeaderDecoder::Step::kMore: return;
            case HeaderDecoder::Step::kEnd: return header_block_done();
            case HeaderDecoder::Step::kField: break;
        }
        // What counts is how long it was on the wire, as with nginx.
        if (std::max(field.name.size(), field.value.size()) > field_limit_ && std::exchange(encoded_, 0) > field_limit_)
            return fail(Code::kCalm, "client sent too large header field");
        encoded_ = 0;
        auto size = field.name.size() + field.value.size();
        if (size > block_left_) return fail(Code::kCalm, "client sent too large header");
        block_left_ -= size;
        if (field.name.empty()) return fail(Code::kProtocol, "client sent zero header name length");
        if (!block_stream_ || block_stream_->broken_) continue;
        if (!block_is_trailers_) {
            block_stream_->field(field.name, field.value);
        } else if (field.name[0] == ':') {
            note(Level::kInfo, "client sent pseudo-header in trailers", 0, kAction);
            block_stream_->stop(Code::kProtocol);
        }
    }
}

void ClientConnection::header_block_done() {
    auto* stream = std::exchange(block_stream_, nullptr);
    block_id_ = 0;
    if (due_ == Due::kHead) deadline_.disarm();
    if (!stream) {
        if (streams_.empty()) became_idle();
        return;
    }
    if (block_is_trailers_) return stream->end_of_input();
    payload_bytes_ += stream->request_.request_length;
    if (stream->broken_) return finished(*stream);
    stream->head_complete();
    spawn(stream->run());
}

}  // namespace bext::http2
