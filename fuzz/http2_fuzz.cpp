// Fuzz target: an HTTP/2 client against a site in memory. Each input is a list of frames, well made or not. The oracles: what comes back is
// frames (nghttp2 decodes their blocks), on streams that the client has opened, nothing behind a stream's end, no more DATA than the windows;
// a connection that goes on answers a PING; and nothing is left when the client has gone.
#include <cstdint>
#include <cstdlib>
#include <set>

#include "support/http2_peer.h"

namespace {

using namespace bext;
using namespace bext::tests;

void require(bool condition) {
    if (!condition) std::abort();
}

const std::pair<const char*, const char*> kFields[] = {
    {":method", "GET"}, {":method", "POST"}, {":method", "HEAD"}, {":scheme", "http"}, {":path", "/"}, {":path", "/big"}, {":path", "/body"},
    {":path", "/slow"}, {":authority", "h"}, {"host", "h"}, {"content-length", "5"}, {"content-length", "0"}, {"cookie", "a=b"}, {"te", "trailers"},
    {"priority", "u=1, i"}, {"connection", "close"}, {"accept-encoding", "gzip"}, {"range", "bytes=0-9"}, {"X", "upper"}, {"expect", "100-continue"},
    {"if-none-match", "*"}, {"x-long", "0123456789012345678901234567890123456789012345678901234567890123456789"},
};

class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : text_(reinterpret_cast<const char*>(data), size) {}
    bool empty() const { return text_.empty(); }
    std::uint8_t byte() {
        if (text_.empty()) return 0;
        auto value = static_cast<std::uint8_t>(text_[0]);
        text_.remove_prefix(1);
        return value;
    }
    std::string_view bytes(std::size_t size) {
        auto part = text_.substr(0, size);
        text_.remove_prefix(part.size());
        return part;
    }

private:
    std::string_view text_;
};

/// A header block of fields of the list, or of whatever bytes there are.
std::string some_block(Input& input) {
    auto how = input.byte();
    if (how >= 200) return std::string(input.bytes(how - 200));
    Fields fields;
    if (how & 1) fields = get("/big");
    for (int i = 0; i < how % 8; ++i) {
        auto& [name, value] = kFields[input.byte() % std::size(kFields)];
        fields.emplace_back(name, value);
    }
    return block(fields);
}

std::string some_frame(Input& input, std::uint64_t& window) {
    auto kind = input.byte(), flags = input.byte(), stream = input.byte();
    auto type = static_cast<Type>(kind % 18);
    std::uint32_t id = stream % 32;
    switch (type) {
        case Type::kHeaders:
        case Type::kContinuation: return frame(type, flags & 0x2d, id, some_block(input));
        case Type::kWindowUpdate: {
            std::uint32_t by = std::uint32_t{input.byte()} << (flags % 24);
            if (id == 0) window += by & 0x7fffffff;
            return frame(type, 0, id, number32(by));
        }
        case Type::kSettings:
            if (flags & 128) return frame(type, flags, id, input.bytes(flags % 13));
            return frame(type, 0, 0, setting(static_cast<http2::Setting>(1 + flags % 6), std::uint32_t{input.byte()} << (flags % 17)));
        case Type::kReset: return frame(type, flags, id, number32(input.byte()));
        case Type::kPing: return frame(type, flags, 0, "12345678");
        case Type::kPriority: return frame(type, flags, id, number32(input.byte()) + "x");
        case Type::kPriorityUpdate: return frame(type, flags, 0, number32(id) + "u=2");
        default: return frame(type, flags, id, input.bytes(input.byte()));
    }
}

WireSite& site() {
    static WireSite one("events { worker_connections 64; } error_log /dev/null crit; http { access_log off; http2 on; http2_chunk_size 1000; large_client_header_buffers 4 256;"
                        " gzip on; gzip_types text/plain; add_trailer X-End yes;"
                        " server { listen 80; location / { return 200 'ok $http_cookie'; } location /big { return 200 '" + std::string(3500, 'b') + "'; }"
                        " location /slow { limit_rate 100; return 200 '" + std::string(900, 's') + "'; } location /body { client_max_body_size 64;"
                        " proxy_pass http://unix:/nonexistent/socket; } } }");
    return one;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto& served = site();
    {
        Input input(data, size);
        Http2Peer client(served);
        std::uint64_t window = 65535;
        while (!input.empty() && client.open) {
            auto cut = input.byte() % 3;
            auto bytes = some_frame(input, window);
            if (cut == 0) client.send(bytes);
            for (std::size_t at = 0; cut && at < bytes.size(); at += cut * 7) client.send(std::string_view(bytes).substr(at, cut * 7));
        }
        client.turn(10);
        std::uint64_t body = 0;
        for (auto& [id, stream] : client.streams) {
            require(id % 2 == 1);
            body += stream.body.size();
            require(!stream.broken);
            for (auto part : stream.frames) require(part <= 16384);
        }
        require(body <= window);
        if (client.open && client.goaway == -1 && client.between_blocks()) {
            auto before = client.pings.size();
            client.send(frame(Type::kPing, 0, 0, "alive?!?"));
            client.turn(10);
            require(client.pings.size() > before || !client.open || client.goaway != -1);
        }
    }
    for (int i = 0; i < 20 && served.thread.connections; ++i) served.turn();
    require(served.thread.connections == 0);
    return 0;
}
