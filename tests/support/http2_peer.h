// Http2Peer: a client that speaks HTTP/2 in bytes to a WireSite, and says what came back, frame by frame.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "http2/connection.h"
#include "support/wire_site.h"

namespace bext::tests {

using http2::Code;
using http2::Type;

inline std::string frame(Type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = {}) {
    std::string out(http2::kFrameHead, '\0');
    http2::put_head(out.data(), static_cast<std::uint32_t>(payload.size()), type, flags, stream);
    return out.append(payload);
}

inline std::string number32(std::uint32_t value) {
    char text[4];
    http2::put32(text, value);
    return {text, 4};
}

inline std::string setting(http2::Setting id, std::uint32_t value) { return std::string{'\0', static_cast<char>(id)} + number32(value); }

using Fields = std::vector<std::pair<std::string, std::string>>;

/// A header block of literals (RFC 7541, section 6.2.2).
inline std::string block(const Fields& fields) {
    std::string out;
    auto text = [&](std::string_view what) {
        if (what.size() < 127) {
            out += static_cast<char>(what.size());
        } else {
            out += '\x7f';
            auto rest = what.size() - 127;
            for (; rest >= 128; rest >>= 7) out += static_cast<char>(128 | (rest & 127));
            out += static_cast<char>(rest);
        }
        out += what;
    };
    for (auto& [name, value] : fields) {
        out += '\0';
        text(name);
        text(value);
    }
    return out;
}

inline Fields get(std::string path, Fields more = {}) {
    Fields fields{{":method", "GET"}, {":scheme", "http"}, {":path", std::move(path)}, {":authority", "h"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

class Http2Peer {
public:
    struct Stream {
        std::string status, body;
        Fields fields, trailers;
        bool ended = false, broken = false;  // broken: something came behind its end
        int reset = -1;
        std::vector<std::size_t> frames;  // sizes of those with DATA
    };

    /// `settings`: the payload of its first SETTINGS frame.
    explicit Http2Peer(WireSite& site, std::string_view settings = {}) : site_(site), socket_(site.connect()) {
        http2::install();
        send(std::string(http2::kPreface) + frame(Type::kSettings, 0, 0, settings));
    }

    /// Whether all of it was taken.
    bool send(std::string_view bytes) {
        note(bytes);
        for (int tries = 0; !bytes.empty() && tries < (deaf ? 3 : 2000); ++tries) {
            bytes.remove_prefix(write_some(socket_.get(), bytes));
            turn();
        }
        return bytes.empty();
    }
    /// A request without a body.
    void ask(std::uint32_t stream, const Fields& fields, std::uint8_t flags = http2::kEndHeaders | http2::kEndStream) {
        send(frame(Type::kHeaders, flags, stream, block(fields)));
    }
    void turn(int times = 4) {
        for (int i = 0; i < times; ++i) {
            site_.turn();
            read();
        }
    }
    /// Takes what has come, unless `deaf`.
    void read() {
        if (deaf) return;
        auto before = bytes_.size();
        open = read_all(socket_.get(), bytes_) && open;
        received += bytes_.size() - before;
        while (bytes_.size() >= http2::kFrameHead) {
            auto head = http2::get_head(bytes_.data());
            if (bytes_.size() < http2::kFrameHead + head.length) return;
            take(head, std::string_view(bytes_).substr(http2::kFrameHead, head.length));
            bytes_.erase(0, http2::kFrameHead + head.length);
        }
    }

    std::map<std::uint32_t, Stream> streams;
    std::vector<std::uint32_t> order;  // of DATA frames
    int goaway = -1;                   // the code of the last one
    std::uint32_t goaway_stream = 0;
    std::map<std::uint32_t, std::uint64_t> window_updates;
    std::string pings;
    unsigned acknowledged = 0, goaways = 0;
    std::size_t received = 0;  // bytes
    std::string last_block;    // the header block that came last, as it came
    bool open = true, deaf = false;
    std::string all;  // types of the frames
    /// No header block that it has sent is unfinished.
    bool between_blocks() const { return between_; }

private:
    void take(const http2::FrameHead& head, std::string_view payload) {
        all += cat({std::to_string(static_cast<int>(head.type)), " "});
        switch (head.type) {
            case Type::kHeaders:
            case Type::kContinuation: return take_block(head, payload);
            case Type::kData: {
                auto& stream = streams[head.stream];
                stream.broken |= stream.ended;
                stream.body += payload;
                stream.frames.push_back(payload.size());
                stream.ended |= head.has(http2::kEndStream);
                order.push_back(head.stream);
                return;
            }
            case Type::kReset: streams[head.stream].reset = static_cast<int>(http2::get32(payload.data())); return;
            case Type::kGoAway:
                ++goaways;
                goaway_stream = http2::get32(payload.data());
                goaway = static_cast<int>(http2::get32(payload.data() + 4));
                return;
            case Type::kPing: pings += payload; return;
            case Type::kSettings: acknowledged += head.has(http2::kAck); return;
            case Type::kWindowUpdate: window_updates[head.stream] += http2::get32(payload.data()); return;
            default: return;
        }
    }
    /// Whether what was sent ends within a header block; whole frames are sent, if in parts.
    void note(std::string_view bytes) {
        sent_ += bytes;
        if (sent_.starts_with(http2::kPreface)) sent_.erase(0, http2::kPreface.size());
        while (sent_.size() >= http2::kFrameHead) {
            auto head = http2::get_head(sent_.data());
            if (sent_.size() < http2::kFrameHead + head.length) return;
            if (head.type == Type::kHeaders || head.type == Type::kContinuation) between_ = head.has(http2::kEndHeaders);
            sent_.erase(0, http2::kFrameHead + head.length);
        }
    }
    void take_block(const http2::FrameHead& head, std::string_view payload) {
        auto& stream = streams[head.stream];
        stream.broken |= stream.ended;
        block_ += payload;
        ends_ |= head.type == Type::kHeaders && head.has(http2::kEndStream);
        if (!head.has(http2::kEndHeaders)) return;
        std::string_view rest = block_;
        http2::HeaderDecoder::Field field;
        auto& to = stream.status.empty() ? stream.fields : stream.trailers;
        Fields found;
        while (decoder_.next(rest, true, field) == http2::HeaderDecoder::Step::kField) {
            if (field.name == ":status") stream.status = field.value;
            else found.emplace_back(field.name, field.value);
        }
        to = found;
        last_block = std::exchange(block_, {});
        stream.ended |= std::exchange(ends_, false);
    }

    WireSite& site_;
    Fd socket_;
    std::string bytes_, block_, sent_;
    bool ends_ = false, between_ = true;
    http2::HeaderDecoder decoder_;
};

/// The value of a field; "(none)" without.
inline std::string value_of(const Fields& fields, std::string_view name) {
    for (auto& [known, value] : fields)
        if (known == name) return value;
    return "(none)";
}

}  // namespace bext::tests
