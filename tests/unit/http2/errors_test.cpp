// What a client may not do: the connection or the stream ends with the code of RFC 9113, and what floods is bounded.
#include <functional>

#include <gtest/gtest.h>

#include "support/http2_peer.h"

namespace bext::tests {
namespace {

using http2::kAck;
using http2::kEndHeaders;
using http2::kEndStream;
using http2::kPadded;
using http2::kWithPriority;

const std::string kConf = "events { worker_connections 64; } error_log /dev/null crit; http { access_log off; http2 on; large_client_header_buffers 4 1k; keepalive_requests 1000000;"
                          " server { listen 80; server_name h; location / { return 200 '$http_x_a'; } location /big { return 200 '" + std::string(3000, 'b') + "'; }"
                          " location /wait { proxy_pass http://127.0.0.1:1; } } }";

struct Wrong {
    const char* what;
    std::string bytes;
    Code code;
};

std::vector<Wrong> wrong_frames() {
    auto head = block(get("/"));
    auto open = frame(Type::kHeaders, kEndHeaders, 1, head);  // a stream that waits for its body
    auto long_setting = [](http2::Setting id, std::uint32_t value) { return frame(Type::kSettings, 0, 0, setting(id, value)); };
    return {
        {"DATA on no stream", frame(Type::kData, 0, 0, "x"), Code::kProtocol},
        {"DATA on an idle stream", frame(Type::kData, 0, 5, "x"), Code::kProtocol},
        {"DATA that is all padding and more", open + frame(Type::kData, kPadded, 1, "\x09x"), Code::kProtocol},
        {"DATA without its padding's length", open + frame(Type::kData, kPadded, 1), Code::kFrameSize},
        {"HEADERS on no stream", frame(Type::kHeaders, kEndHeaders, 0, head), Code::kProtocol},
        {"HEADERS on a server's stream", frame(Type::kHeaders, kEndHeaders, 2, head), Code::kProtocol},
        {"HEADERS on a lower stream", frame(Type::kHeaders, kEndHeaders | kEndStream, 5, head) + frame(Type::kHeaders, kEndHeaders, 3, head), Code::kProtocol},
        {"HEADERS on a stream that has ended", frame(Type::kHeaders, kEndHeaders | kEndStream, 1, head) + frame(Type::kHeaders, kEndHeaders, 1, head), Code::kStreamClosed},
        {"HEADERS without a block", frame(Type::kHeaders, kEndHeaders, 1), Code::kFrameSize},
        {"HEADERS with too much padding", frame(Type::kHeaders, kEndHeaders | kPadded, 1, "\xff" + head), Code::kProtocol},
        {"HEADERS that depend on themselves", frame(Type::kHeaders, kEndHeaders | kWithPriority, 1, number32(1) + "x" + head), Code::kProtocol},
        {"HEADERS in the middle of a body", open + frame(Type::kHeaders, kEndHeaders, 1, block({{"a", "b"}})), Code::kProtocol},
        {"a block that cannot be decoded", frame(Type::kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff\x7f"), Code::kCompression},
        {"a block that ends in its middle", frame(Type::kHeaders, kEndHeaders, 1, head.substr(0, 12)), Code::kCompression},
        {"padding of a Huffman code that is too long", frame(Type::kHeaders, kEndHeaders, 1, std::string("\x42\x84\xc5\x83\x7f\xff", 6)), Code::kCompression},
        {"a name without letters", frame(Type::kHeaders, kEndHeaders, 1, block({{"", "x"}})), Code::kProtocol},
        {"a field that is too long", frame(Type::kHeaders, kEndHeaders, 1, block(get("/", {{"a", std::string(1025, 'x')}}))), Code::kCalm},
        {"fields that are too long together", frame(Type::kHeaders, kEndHeaders, 1, block(get("/", Fields(5, {"a", std::string(1000, 'x')})))), Code::kCalm},
        {"PRIORITY that is too short", frame(Type::kPriority, 0, 1, "1234"), Code::kFrameSize},
        {"PRIORITY on no stream", frame(Type::kPriority, 0, 0, "12345"), Code::kProtocol},
        {"PRIORITY that depends on itself", frame(Type::kPriority, 0, 3, number32(3) + "x"), Code::kProtocol},
        {"RST_STREAM on no stream", frame(Type::kReset, 0, 0, number32(8)), Code::kProtocol},
        {"RST_STREAM on an idle stream", frame(Type::kReset, 0, 9, number32(8)), Code::kProtocol},
        {"RST_STREAM on a stream of ours", open + frame(Type::kReset, 0, 2, number32(8)), Code::kProtocol},
        {"DATA on a stream of ours", frame(Type::kHeaders, kEndHeaders, 5, head) + frame(Type::kData, 0, 2, "x"), Code::kProtocol},
        {"RST_STREAM that is too long", open + frame(Type::kReset, 0, 1, "12345"), Code::kFrameSize},
        {"SETTINGS on a stream", frame(Type::kSettings, 0, 1), Code::kProtocol},
        {"SETTINGS with an odd length", frame(Type::kSettings, 0, 0, "12345"), Code::kFrameSize},
        {"SETTINGS that acknowledge something", frame(Type::kSettings, kAck, 0, "123456"), Code::kFrameSize},
        {"a window that is too large", long_setting(http2::Setting::kInitialWindow, 0x80000000), Code::kFlowControl},
        {"frames that are too small", long_setting(http2::Setting::kMaxFrameSize, 16383), Code::kProtocol},
        {"frames that are too large", long_setting(http2::Setting::kMaxFrameSize, 0x1000000), Code::kProtocol},
        {"push that is neither on nor off", long_setting(http2::Setting::kEnablePush, 2), Code::kProtocol},
        {"PUSH_PROMISE", frame(Type::kPushPromise, 0, 1, "1234"), Code::kProtocol},
        {"PING on a stream", frame(Type::kPing, 0, 1, "12345678"), Code::kProtocol},
        {"PING that is too short", frame(Type::kPing, 0, 0, "1234567"), Code::kFrameSize},
        {"GOAWAY on a stream", frame(Type::kGoAway, 0, 1, "12345678"), Code::kProtocol},
        {"GOAWAY that is too short", frame(Type::kGoAway, 0, 0, "1234567"), Code::kFrameSize},
        {"WINDOW_UPDATE of nothing", frame(Type::kWindowUpdate, 0, 0, number32(0)), Code::kProtocol},
        {"WINDOW_UPDATE of too much", frame(Type::kWindowUpdate, 0, 0, number32(0x7fffffff)), Code::kFlowControl},
        {"WINDOW_UPDATE that is too short", frame(Type::kWindowUpdate, 0, 0, "123"), Code::kFrameSize},
        {"WINDOW_UPDATE on an idle stream", frame(Type::kWindowUpdate, 0, 7, number32(1)), Code::kProtocol},
        {"CONTINUATION of nothing", frame(Type::kContinuation, kEndHeaders, 1, head), Code::kProtocol},
        {"CONTINUATION of another stream", frame(Type::kHeaders, 0, 1, head) + frame(Type::kContinuation, kEndHeaders, 3, head), Code::kProtocol},
        {"something within a header block", frame(Type::kHeaders, 0, 1, head) + frame(Type::kPing, 0, 0, "12345678"), Code::kProtocol},
        {"something unknown within a header block", frame(Type::kHeaders, 0, 1, head) + frame(static_cast<Type>(77), 0, 1, "x"), Code::kProtocol},
        {"a header block in more parts than one needs", frame(Type::kHeaders, 0, 1, head) + [] {
             std::string parts;
             for (int i = 0; i < 70; ++i) parts += frame(Type::kContinuation, 0, 1);
             return parts;
         }(), Code::kCalm},
    };
}

TEST(Http2Errors, EachEndsTheConnectionWithItsCode) {
    WireSite site(kConf);
    for (auto& one : wrong_frames()) {
        Http2Peer client(site);
        client.send(one.bytes);
        client.turn(8);
        EXPECT_EQ(client.goaway, static_cast<int>(one.code)) << one.what;
        EXPECT_FALSE(client.open) << one.what;
    }
}

TEST(Http2Errors, SomeEndTheirStreamAlone) {
    WireSite site(kConf);
    auto open = frame(Type::kHeaders, kEndHeaders | kEndStream, 1, block(get("/big")));
    const Wrong cases[] = {
        {"DATA for a stream that the client has ended", frame(Type::kData, 0, 1, "x"), Code::kStreamClosed},
        {"WINDOW_UPDATE of too much", frame(Type::kWindowUpdate, 0, 1, number32(5)) + frame(Type::kWindowUpdate, 0, 1, number32(0x7fffffff)), Code::kFlowControl},
    };
    for (auto& one : cases) {
        Http2Peer client(site, setting(http2::Setting::kInitialWindow, 0));
        client.send(open + one.bytes);
        EXPECT_EQ(client.streams[1].reset, static_cast<int>(one.code)) << one.what;
        EXPECT_EQ(client.goaway, -1) << one.what;
        client.send(frame(Type::kSettings, 0, 0, setting(http2::Setting::kInitialWindow, 1000)));
        client.ask(3, get("/", {{"x-a", "there"}}));
        EXPECT_EQ(client.streams[3].body, "there") << one.what;
    }
}

/// A SETTINGS frame that is too much for some of the streams: each of those ends, and no other is touched.
TEST(Http2Errors, WindowsThatSettingsMakeTooLarge) {
    WireSite site(kConf);
    Http2Peer client(site, setting(http2::Setting::kInitialWindow, 0));
    client.ask(1, get("/big"));
    for (std::uint32_t id = 3; id < 21; id += 2) {
        client.ask(id, {{":method", "POST"}, {":scheme", "http"}, {":path", "/wait"}, {":authority", "h"}}, kEndHeaders);
        client.send(frame(Type::kWindowUpdate, 0, id, number32(0x7fffffff)));
    }
    client.send(frame(Type::kSettings, 0, 0, setting(http2::Setting::kInitialWindow, 10)));
    for (std::uint32_t id = 3; id < 21; id += 2) EXPECT_EQ(client.streams[id].reset, static_cast<int>(Code::kFlowControl)) << id;
    EXPECT_EQ(client.streams[1].body.size(), 10u);
}

/// As nginx counts: a field is as long as it was on the wire.
TEST(Http2Errors, AFieldIsAsLongAsItsCode) {
    WireSite site("events { } error_log /dev/null crit; http { access_log off; http2 on; server { listen 80; location / { return 200 '$http_x_a'; } } }");
    auto coded = [](std::size_t letters) {  // so many letters a, of five bits each
        std::string code;
        for (std::size_t i = 0; i < letters / 8; ++i) code += "\x18\xc6\x31\x8c\x63";
        std::string out = block(get("/")) + std::string("\0\x03x-a", 5) + '\xff';
        auto rest = code.size() - 127;
        for (; rest >= 128; rest >>= 7) out += static_cast<char>(128 | (rest & 127));
        return out + static_cast<char>(rest) + code;
    };
    for (std::size_t letters : {8000u, 12000u, 13200u}) {
        Http2Peer client(site);
        client.send(frame(Type::kHeaders, kEndHeaders | kEndStream, 1, coded(letters)));
        if (letters < 13000) EXPECT_EQ(client.streams[1].body, std::string(letters, 'a'));
        else EXPECT_EQ(client.goaway, static_cast<int>(Code::kCalm));
    }
}

TEST(Http2Errors, HeadsThatAreRefused) {
    WireSite site(kConf);
    const std::pair<const char*, Fields> cases[] = {
        {"no path", {{":method", "GET"}, {":scheme", "http"}, {":authority", "h"}}},
        {"no method", {{":path", "/"}, {":scheme", "http"}, {":authority", "h"}}},
        {"no scheme", {{":method", "GET"}, {":path", "/"}, {":authority", "h"}}},
        {"no host", {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}},
        {"an empty path", get("")},
        {"a path that does not begin with a slash", get("x")},
        {"a blank in the path", get("/a b")},
        {"a line feed in the path", get("/a\nb")},
        {"two paths", get("/", {{":path", "/"}})},
        {"two methods", {{":method", "GET"}, {":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}}},
        {"a method with a blank", {{":method", "GET /x"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}}},
        {"a scheme with a colon", {{":method", "GET"}, {":scheme", "ht:tp"}, {":path", "/"}, {":authority", "h"}}},
        {"an unknown pseudo-header", {{":method", "GET"}, {":x", "y"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}}},
        {"a response's pseudo-header", {{":status", "200"}, {":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}}},
        {"a pseudo-header behind a field", {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"a", "b"}, {":authority", "h"}}},
        {"an upper-case name", get("/", {{"X-A", "b"}})},
        {"a blank in a name", get("/", {{"x a", "b"}})},
        {"a colon in a name", get("/", {{"x:a", "b"}})},
        {"a line feed in a value", get("/", {{"x-a", "b\nc: d"}})},
        {"a carriage return in a value", get("/", {{"x-a", "b\r"}})},
        {"a NUL in a value", get("/", {{"x-a", std::string("b\0c", 3)}})},
        {"connection", get("/", {{"connection", "close"}})},
        {"keep-alive", get("/", {{"keep-alive", "5"}})},
        {"proxy-connection", get("/", {{"proxy-connection", "close"}})},
        {"transfer-encoding", get("/", {{"transfer-encoding", "chunked"}})},
        {"upgrade", get("/", {{"upgrade", "h2c"}})},
        {"te", get("/", {{"te", "gzip"}})},
        {"a host that is not the authority", get("/", {{"host", "other"}})},
        {"two hosts", {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "h"}, {"host", "h"}}},
        {"a length that is none", get("/", {{"content-length", "1x"}})},
        {"two lengths", get("/", {{"content-length", "0"}, {"content-length", "0"}})},
        {"a body that is said and not sent", get("/", {{"content-length", "5"}})},
        {"a bad authority", {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h/x"}}},
    };
    Http2Peer client(site);
    std::uint32_t id = 1;
    for (auto& [what, fields] : cases) {
        client.ask(id, fields);
        EXPECT_EQ(client.streams[id].status, "400") << what;
        EXPECT_TRUE(client.streams[id].ended) << what;
        id += 2;
    }
    client.ask(id, {{":method", "CONNECT"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}});
    EXPECT_EQ(client.streams[id].status, "405");
    client.ask(id + 2, get("/", {{"te", "trailers"}, {"x-a", "well"}, {"x_b", "ignored"}, {"host", "h"}}));
    EXPECT_EQ(client.streams[id + 2].body, "well") << "the connection goes on";
    EXPECT_EQ(client.goaway, -1);
}

/// Each of them costs its client no more than a connection, and the server bounded work.
TEST(Http2Floods, StreamsThatAreReset) {
    WireSite site(kConf);
    const std::function<std::string(std::uint32_t)> ways[] = {
        [](std::uint32_t id) { return frame(Type::kReset, 0, id, number32(static_cast<std::uint32_t>(Code::kCancel))); },
        [](std::uint32_t id) { return frame(Type::kWindowUpdate, 0, id, number32(0x7fffffff)); },  // the server is made to do it
    };
    for (auto& then : ways) {
        Http2Peer client(site, setting(http2::Setting::kInitialWindow, 10));
        std::uint32_t id = 1;
        for (; id < 8000 && client.open; id += 2) {
            client.ask(id, get("/big"));
            client.send(frame(Type::kWindowUpdate, 0, id, number32(1)) + then(id));
        }
        EXPECT_EQ(client.goaway, static_cast<int>(Code::kCalm));
        EXPECT_LT(id, 2300u) << "1000 and what their rate allows";
    }
}

/// From some time on the server does not read, either; so what it keeps is bounded.
TEST(Http2Floods, AnswersThatAreNotRead) {
    WireSite site("events { } error_log /dev/null crit; http { access_log off; http2 on; keepalive_requests 1000000; large_client_header_buffers 4 16k; add_header X-Long '" +
                  std::string(4000, 'l') + "'; server { listen 80; location / { return 204; } } }");
    std::uint32_t id = 1;
    auto asked = [&] {
        std::string many;
        for (int i = 0; i < 50; ++i, id += 2) many += frame(Type::kHeaders, kEndHeaders | kEndStream, id, block(get("/")));
        return many;
    };
    auto same = [](std::string one) {
        return [one] {
            std::string many;
            for (int i = 0; i < 1000; ++i) many += one;
            return many;
        };
    };
    std::function<std::string()> kinds[] = {same(frame(Type::kPing, 0, 0, "12345678")), same(frame(Type::kSettings, 0, 0)), asked};
    for (auto& kind : kinds) {
        Http2Peer client(site);
        client.deaf = true;
        int rounds = 0;
        while (rounds < 3000 && client.send(kind())) ++rounds;
        EXPECT_LT(rounds, 3000);
        client.deaf = false;
        client.turn(50);
        EXPECT_LT(client.received, 3u << 20) << "what was kept for it";
        EXPECT_TRUE(client.goaway == -1 || &kind == &kinds[2]) << "and it may go on, but for one that is refused too much";
    }
}

TEST(Http2Floods, FramesThatSayNothing) {
    WireSite site(kConf);
    auto open = frame(Type::kHeaders, kEndHeaders, 1, block({{":method", "POST"}, {":scheme", "http"}, {":path", "/big"}, {":authority", "h"}}));
    for (auto& one : {frame(Type::kData, 0, 1), frame(Type::kPriority, 0, 3, std::string("\0\0\0\0\x10", 5)), frame(static_cast<Type>(88), 0, 0, "what"),
                      frame(Type::kPriorityUpdate, 0, 0, number32(1) + "u=1")}) {
        Http2Peer client(site, setting(http2::Setting::kInitialWindow, 0));
        client.send(open);
        std::string many;
        for (int i = 0; i < 3000; ++i) many += one;
        for (int i = 0; i < 1000 && client.open; ++i) client.send(many);
        client.turn(20);
        EXPECT_FALSE(client.open) << static_cast<int>(one[3]);
        EXPECT_NE(client.goaway, -1);
    }
}

/// Fields that the table makes many of few bytes.
TEST(Http2Floods, BlocksThatGrow) {
    WireSite site(kConf);
    Http2Peer client(site);
    std::string grown = block(get("/"));
    grown += std::string("\x40\x01", 2) + "a" + std::string("\x7f\x81\x07", 3) + std::string(1024, 'x');  // kept in the table
    for (int i = 0; i < 4000; ++i) grown += '\xbe';  // and again
    client.send(frame(Type::kHeaders, kEndHeaders | kEndStream, 1, grown));
    EXPECT_EQ(client.goaway, static_cast<int>(Code::kCalm));
}

TEST(Http2Floods, StreamsBeyondTheirNumber) {
    WireSite site("events { } error_log /dev/null crit; http { access_log off; http2 on; http2_max_concurrent_streams 1; server { listen 80; location / { return 200 '" +
                  std::string(3000, 'b') + "'; } } }");
    Http2Peer client(site, setting(http2::Setting::kInitialWindow, 0));
    std::uint32_t id = 1;
    for (; id < 2000 && client.open; id += 2) client.ask(id, get("/"));
    EXPECT_NE(client.goaway, -1);
    EXPECT_LT(id, 300u);
}

}  // namespace
}  // namespace bext::tests
