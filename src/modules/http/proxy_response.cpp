// proxy, the way back: the head and the body of a peer's answer.
#include "modules/http/proxy.h"

namespace bext::http::proxy {

using upstream::Exchange;
using upstream::Head;

void Call::restart(Exchange&) {
    status_done_ = false;
    status_.reset();
    line_.reset();
    decoder_.reset();
    trailers_ = {};
}

/// An unusable header or trailer line, in the error log.
bool Call::invalid_line(Exchange& x, const char* line, std::string_view what) const {
    auto from = line_.start(), to = line_.bad_at();
    char byte[8];
    snprintf(byte, sizeof byte, "\\x%02x", static_cast<unsigned char>(line[to]));
    x.log(Level::kError, cat({"upstream sent invalid ", what, ": \"", {line + from, to - from}, byte, "...\""}));
    return false;
}

Head Call::parse_status(Exchange& x) {
    auto& buffer = x.buffer;
    auto* line = buffer.data + buffer.begin;
    switch (status_.feed(line, buffer.end - buffer.begin)) {
        case http1::Parse::kAgain: return Head::kAgain;
        case http1::Parse::kDone: break;
        default:  // an HTTP/0.9 answer: all of it is body
            x.log(Level::kError, "upstream sent no valid HTTP/1.0 header");
            x.request.http_version = 9;
            x.state()->status = status::kOk;
            x.in.connection_close = true;
            return Head::kDone;
    }
    auto result = status_.result(line);
    buffer.begin += status_.consumed();
    x.in.status = result.status;
    x.in.status_line = result.text;
    if (result.before_http11()) {
        if (result.status == 103) {
            x.log(Level::kError, "upstream sent HTTP/1.0 response with early hints");
            return Head::kInvalid;
        }
        x.in.connection_close = true;
    }
    if (x.state()->status == 0 && result.status != 103) x.state()->status = result.status;
    status_done_ = true;
    return Head::kAgain;
}

Head Call::parse(Exchange& x) {
    for (;;) {
        if (!status_done_) {
            auto step = parse_status(x);
            if (!status_done_) return step;
        }
        auto step = parse_lines(x);
        if (step != Head::kDone) return step;
        if (x.in.status != 103) return head_done(x);
        // Early hints are skipped; the answer follows.
        auto& buffer = x.buffer;
        std::memmove(buffer.data, buffer.data + buffer.begin, buffer.end - buffer.begin);
        buffer.end -= buffer.begin;
        buffer.begin = 0;
        x.in.clear();
        restart(x);
        if (!buffer.end) return Head::kAgain;
    }
}

Head Call::parse_lines(Exchange& x) {
    auto& buffer = x.buffer;
    for (;;) {
        auto* line = buffer.data + buffer.begin;
        switch (line_.feed(line, buffer.end - buffer.begin)) {
            case http1::Parse::kAgain: return Head::kAgain;
            case http1::Parse::kDone: {
                auto header = line_.result(line);
                buffer.begin += line_.consumed();
                if (x.in.status != 103 && !x.in.take(x, header.name, header.value)) return Head::kInvalid;
                break;
            }
            case http1::Parse::kEnd:
                buffer.begin += line_.consumed();
                return Head::kDone;
            default: invalid_line(x, line, "header"); return Head::kInvalid;
        }
    }
}

Head Call::head_done(Exchange& x) {
    auto& in = x.in;
    for (auto [text, name] : {std::pair("Server", Name::kServer), std::pair("Date", Name::kDate)})
        if (!in.headers.has(name)) in.headers.add(text, {}, name);  // relayed where they are not hidden: then there is none of ours
    if (in.chunked) in.content_length = -1;
    bool bodiless = in.status == status::kNoContent || in.status == status::kNotModified || head_ ||
                    (!in.chunked && in.content_length == 0);
    if (bodiless) x.keepalive = !in.connection_close && x.buffer.begin == x.buffer.end;
    if (in.status == 101) {
        x.keepalive = false;
        x.upgrade = x.request.main.in.has(Name::kUpgrade);
    }
    return Head::kDone;
}

void Call::begin_body(Exchange& x) {
    auto& in = x.in;
    if (in.status == status::kNoContent || in.status == status::kNotModified || head_ ||
        (!in.chunked && in.content_length == 0)) {
        x.length = 0;
    } else if (in.chunked) {
        x.length = 1;
        x.eager = true;
        if (*conf_.pass_trailers) decoder_.leave_trailers();
    } else {
        x.length = in.content_length;
    }
}

bool Call::take(Exchange& x, std::string_view bytes, Chain& out) {
    if (bytes.empty()) return true;
    if (x.in.chunked && !(head_ || x.length == 0)) return take_chunked(x, bytes, out);
    if (x.length == 0 || (x.length > 0 && static_cast<std::int64_t>(bytes.size()) > x.length)) {
        x.log(Level::kWarn, "upstream sent more data than specified in \"Content-Length\" header");
        x.keepalive = false;
        bytes = bytes.substr(0, static_cast<std::size_t>(x.length));
        x.length = 0;
        if (!bytes.empty()) out.push(Piece::memory(bytes));
        return true;
    }
    out.push(Piece::memory(bytes));
    if (x.length < 0) return true;
    x.length -= static_cast<std::int64_t>(bytes.size());
    if (x.length == 0) x.keepalive = !x.in.connection_close;
    return true;
}

/// The body is whole; nothing should have come behind it.
void Call::ended(Exchange& x, std::string_view surplus, std::string_view behind) {
    x.length = 0;
    x.keepalive = !x.in.connection_close && surplus.empty();
    if (!surplus.empty()) x.log(Level::kWarn, cat({"upstream sent data after ", behind}));
}

/// The trailer section (proxy_pass_trailers), which may come in pieces (ngx_http_proxy_process_trailer).
bool Call::take_trailers(Exchange& x, std::string_view bytes) {
    auto& t = trailers_;
    if (!t.data) {
        t.size = conf_.buffer_size->value;
        t.data = x.request.arena.bytes(t.size);
        line_.reset();
    }
    auto taken = std::min(bytes.size(), t.size - t.end);
    std::memcpy(t.data + t.end, bytes.data(), taken);
    t.end += taken;
    for (;;) {
        auto* line = t.data + t.begin;
        switch (line_.feed(line, t.end - t.begin)) {
            case http1::Parse::kAgain:
                if (t.end < t.size) return true;
                x.log(Level::kError, "upstream sent too big trailers");
                return false;
            case http1::Parse::kDone: {
                auto field = line_.result(line);
                t.begin += line_.consumed();
                x.in.trailers.add(field.name, field.value);
                break;
            }
            case http1::Parse::kEnd: {
                t.begin += line_.consumed();
                auto left = bytes.substr(std::min(bytes.size(), taken - (t.end - t.begin)));
                ended(x, left, "trailers");
                return true;
            }
            default: return invalid_line(x, line, "trailer");
        }
    }
}

bool Call::take_chunked(Exchange& x, std::string_view bytes, Chain& out) {
    if (trailers_.data) return take_trailers(x, bytes);
    while (!bytes.empty()) {
        std::size_t used = 0;
        std::string_view data;
        auto step = decoder_.feed(bytes, used, data);
        bytes.remove_prefix(used);
        switch (step) {
            case http1::ChunkedDecoder::Step::kAgain: return true;
            case http1::ChunkedDecoder::Step::kData: out.push(Piece::memory(data)); break;
            case http1::ChunkedDecoder::Step::kDone:
                if (*conf_.pass_trailers) return take_trailers(x, bytes);
                ended(x, bytes, "final chunk");
                return true;
            case http1::ChunkedDecoder::Step::kInvalid:
                x.log(Level::kError, "upstream sent invalid chunked response");
                return false;
        }
    }
    return true;
}

}  // namespace bext::http::proxy
