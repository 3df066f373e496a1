// A connection as a client sees it: answers, windows, bodies, priorities, how it ends.
#include <gtest/gtest.h>

#include "support/http2_peer.h"

namespace bext::tests {
namespace {

using http2::kAck;
using http2::kEndHeaders;
using http2::kEndStream;

std::string conf(const UnixPeer& peer) {
    return "events { worker_connections 64; } error_log /dev/null crit; http { access_log off; http2 on; keepalive_requests 100000; large_client_header_buffers 4 2k;"
           " server { listen 80; location / { return 200 \"$request|$http_host|$http_cookie|$http2\"; }"
           " location /big { return 200 '" + std::string(3000, 'b') + "'; }"
           " location /up { proxy_pass http://unix:" + peer.path() + ":/; }"
           " location /streamed { proxy_request_buffering off; proxy_pass http://unix:" + peer.path() + ":/; }"
           " location /little { client_max_body_size 10; proxy_pass http://unix:" + peer.path() + ":/; } } }";
}

class Http2Connection : public testing::Test {
protected:
    /// What the peer was asked, once `text` is in it.
    std::string asked(Http2Peer& client, std::string_view text) {
        for (int i = 0; i < 300 && request.find(text) == request.npos; ++i) {
            if (!upstream) upstream = peer.accept();
            if (upstream) read_all(upstream.get(), request);
            client.turn(1);
        }
        return request;
    }

    UnixPeer peer;
    WireSite site{conf(peer)};
    Fd upstream;
    std::string request;
};

TEST_F(Http2Connection, AnswersAndStaysOpen) {
    Http2Peer client(site);
    client.ask(1, get("/a?b", {{"cookie", "x=1"}, {"accept", "*/*"}, {"cookie", "y=2"}}));
    auto& first = client.streams[1];
    EXPECT_EQ(first.status, "200");
    EXPECT_EQ(first.body, "GET /a?b HTTP/2.0|h|x=1; y=2|h2c");
    EXPECT_TRUE(first.ended);
    EXPECT_EQ(value_of(first.fields, "content-length"), "32");
    EXPECT_EQ(value_of(first.fields, "connection"), "(none)");
    EXPECT_EQ(client.acknowledged, 1u);
    client.send(frame(Type::kPing, 0, 0, "12345678"));
    EXPECT_EQ(client.pings, "12345678");
    client.ask(3, get("/"));
    EXPECT_EQ(client.streams[3].status, "200");
    EXPECT_TRUE(client.open);
}

/// However the bytes are cut, the answers are the same.
TEST_F(Http2Connection, TakesFramesInAnyParts) {
    auto head = block(get("/parts"));
    std::string bytes = frame(Type::kHeaders, kEndStream | http2::kPadded, 1, std::string(1, '\x05') + head.substr(0, 9) + std::string(5, 'p')) +
                        frame(Type::kContinuation, 0, 1, head.substr(9, 1)) + frame(Type::kContinuation, kEndHeaders, 1, head.substr(10)) +
                        frame(Type::kPriority, 0, 7, std::string("\0\0\0\0\x10", 5)) + frame(static_cast<Type>(99), 255, 0, "unknown") +
                        frame(Type::kPing, 0, 0, "abcdefgh");
    for (std::size_t step : {1u, 2u, 3u, 8u, 10u, 1000u}) {
        Http2Peer client(site);
        for (std::size_t at = 0; at < bytes.size(); at += step) client.send(std::string_view(bytes).substr(at, step));
        EXPECT_EQ(client.streams[1].body, "GET /parts HTTP/2.0|h||h2c") << step;
        EXPECT_EQ(client.pings, "abcdefgh") << step;
        EXPECT_EQ(client.goaway, -1) << step;
    }
}

TEST_F(Http2Connection, ThePrefaceMayComeInParts) {
    Fd client = site.connect();
    http2::install();
    std::string bytes = std::string(http2::kPreface) + frame(Type::kSettings, 0, 0), got;
    for (char c : bytes) {
        write_some(client.get(), {&c, 1});
        site.turn();
    }
    for (int i = 0; i < 4; ++i) site.turn();
    read_all(client.get(), got);
    ASSERT_GE(got.size(), 9u);
    EXPECT_EQ(got[3], static_cast<char>(Type::kSettings));
}

TEST_F(Http2Connection, WhatBeginsLikeThePrefaceIsHttp1) {
    Fd client = site.connect();
    std::string got;
    write_some(client.get(), "PRI /x HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < 4; ++i) site.turn();
    read_all(client.get(), got);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 ")) << got;
}

TEST_F(Http2Connection, AnAnswerWithoutABodyEndsWithItsHead) {
    Http2Peer client(site);
    Fields head{{":method", "HEAD"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}};
    client.ask(1, head);
    EXPECT_TRUE(client.streams[1].ended);
    EXPECT_TRUE(client.streams[1].frames.empty());
    EXPECT_NE(value_of(client.streams[1].fields, "content-length"), "0");
}

TEST_F(Http2Connection, NothingIsSentBeyondTheWindows) {
    Http2Peer client(site, setting(http2::Setting::kInitialWindow, 100));
    client.ask(1, get("/big"));
    auto& stream = client.streams[1];
    EXPECT_EQ(stream.body.size(), 100u);
    EXPECT_FALSE(stream.ended);
    client.send(frame(Type::kWindowUpdate, 0, 1, number32(50)));
    EXPECT_EQ(stream.body.size(), 150u);
    // A new initial window changes that of the stream by the difference; it may become less than nothing.
    client.send(frame(Type::kSettings, 0, 0, setting(http2::Setting::kInitialWindow, 0)));
    client.send(frame(Type::kWindowUpdate, 0, 1, number32(100)));
    EXPECT_EQ(stream.body.size(), 150u);
    client.send(frame(Type::kWindowUpdate, 0, 1, number32(7)));
    EXPECT_EQ(stream.body.size(), 157u);
    client.send(frame(Type::kSettings, 0, 0, setting(http2::Setting::kInitialWindow, 1 << 20)));
    EXPECT_EQ(stream.body.size(), 3000u);
    EXPECT_TRUE(stream.ended);
    EXPECT_EQ(stream.body, std::string(3000, 'b'));
}

TEST_F(Http2Connection, TheConnectionHasAWindowOfItsOwn) {
    Http2Peer client(site);
    std::size_t all = 0;
    for (std::uint32_t id = 1; id < 51; id += 2) client.ask(id, get("/big"));
    for (auto& [id, stream] : client.streams) all += stream.body.size();
    EXPECT_EQ(all, 65535u) << "and not more";
    client.send(frame(Type::kWindowUpdate, 0, 0, number32(1 << 20)));
    for (auto& [id, stream] : client.streams) EXPECT_TRUE(stream.ended && stream.body.size() == 3000) << id;
}

TEST_F(Http2Connection, UrgentAnswersComeFirst) {
    Http2Peer client(site, setting(http2::Setting::kInitialWindow, 0));
    client.ask(1, get("/big", {{"priority", "u=5"}}));
    client.ask(3, get("/big", {{"priority", "u=1"}}));
    client.ask(5, get("/big", {{"priority", "u=3"}}));
    client.send(frame(Type::kPriorityUpdate, 0, 0, number32(5) + "u=0"));
    client.send(frame(Type::kSettings, 0, 0, setting(http2::Setting::kInitialWindow, 1 << 20)));
    EXPECT_EQ(client.order, (std::vector<std::uint32_t>{5, 3, 1}));
}

TEST_F(Http2Connection, IncrementalAnswersTakeTurns) {
    WireSite two("events { } error_log /dev/null crit; http { access_log off; http2 on; http2_chunk_size 1000; server { listen 80; location / { return 200 '" +
                 std::string(3000, 'b') + "'; } } }");
    for (std::string priority : {"i", "u=3", ""}) {
        Http2Peer client(two, setting(http2::Setting::kInitialWindow, 0));
        Fields more;
        if (!priority.empty()) more.emplace_back("priority", priority);
        client.ask(1, get("/", more));
        client.ask(3, get("/", more));
        client.send(frame(Type::kSettings, 0, 0, setting(http2::Setting::kInitialWindow, 1 << 20)));
        auto turns = priority == "u=3" ? std::vector<std::uint32_t>{1, 1, 1, 3, 3, 3} : std::vector<std::uint32_t>{1, 3, 1, 3, 1, 3};
        EXPECT_EQ(client.order, turns) << priority;
    }
}

TEST_F(Http2Connection, ABodyGoesToThePeerWithItsLength) {
    Http2Peer client(site);
    Fields head{{":method", "POST"}, {":scheme", "http"}, {":path", "/up"}, {":authority", "h"}};
    client.ask(1, head, kEndHeaders);
    client.send(frame(Type::kData, http2::kPadded, 1, std::string("\x03hello") + std::string(3, '\0')) + frame(Type::kData, kEndStream, 1, " you"));
    auto got = asked(client, "hello you");
    EXPECT_NE(got.find("Content-Length: 9\r\n"), got.npos) << got;
    write_some(upstream.get(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x\r\nKeep-Alive: y\r\nX-A: z\r\n\r\nok");
    client.turn(20);
    EXPECT_EQ(client.streams[1].body, "ok");
    EXPECT_EQ(value_of(client.streams[1].fields, "x-a"), "z");
    EXPECT_EQ(value_of(client.streams[1].fields, "keep-alive"), "(none)");
}

/// Downgrades that would let a client speak to the peer behind its own request (H2.CL).
TEST_F(Http2Connection, ALengthThatIsNotKeptIsRefused) {
    struct Case {
        std::string length, body;
        bool ends;
    };
    for (auto& one : {Case{"3", "hello", true}, Case{"9", "hello", true}, Case{"3", "hello", false}, Case{"1", "", true}}) {
        Http2Peer client(site);
        Fields head{{":method", "POST"}, {":scheme", "http"}, {":path", "/streamed"}, {":authority", "h"}, {"content-length", one.length}};
        client.ask(1, head, kEndHeaders);
        client.send(frame(Type::kData, one.ends ? kEndStream : 0, 1, one.body));
        client.turn(20);
        EXPECT_EQ(client.streams[1].status, "400") << one.length << one.body;
        while (auto taken = peer.accept()) {
            std::string text;
            read_all(taken.get(), text);
            EXPECT_EQ(text.find("hello"), text.npos) << text;
        }
    }
}

TEST_F(Http2Connection, ABodyMayBeTooLarge) {
    Http2Peer client(site);
    Fields head{{":method", "POST"}, {":scheme", "http"}, {":path", "/little"}, {":authority", "h"}};
    client.ask(1, head, kEndHeaders);
    client.send(frame(Type::kData, 0, 1, "0123456789"));
    EXPECT_EQ(client.streams[1].status, "");
    client.send(frame(Type::kData, 0, 1, "x"));
    client.turn(20);
    EXPECT_EQ(client.streams[1].status, "413");
    EXPECT_EQ(client.streams[1].reset, static_cast<int>(Code::kNone)) << "the client need not send the rest";
    client.ask(3, get("/"));
    EXPECT_EQ(client.streams[3].status, "200");
}

/// The window is given back as the body is taken, and wider once it is read.
TEST_F(Http2Connection, ALongBodyIsTakenWithinItsWindow) {
    Http2Peer client(site);
    Fields head{{":method", "POST"}, {":scheme", "http"}, {":path", "/streamed"}, {":authority", "h"}};
    client.ask(1, head, kEndHeaders);
    std::uint64_t sent = 0, whole = 1'000'000;
    for (int i = 0; i < 3000 && sent < whole; ++i) {
        auto window = 65536 + client.window_updates[1] - sent;
        auto part = std::min<std::uint64_t>({window, 16384, whole - sent});
        if (part) client.send(frame(Type::kData, sent + part == whole ? kEndStream : 0, 1, std::string(part, 'x')));
        sent += part;
        if (!upstream) upstream = peer.accept();
        if (upstream) read_all(upstream.get(), request);
        client.turn(1);
    }
    EXPECT_EQ(sent, whole);
    auto got = asked(client, "\r\n0\r\n\r\n");
    EXPECT_EQ(std::count(got.begin(), got.end(), 'x') , static_cast<std::ptrdiff_t>(whole));
    EXPECT_EQ(client.goaway, -1);
}

TEST_F(Http2Connection, TrailersOfARequestAreTaken) {
    Http2Peer client(site);
    Fields head{{":method", "POST"}, {":scheme", "http"}, {":path", "/up"}, {":authority", "h"}};
    client.ask(1, head, kEndHeaders);
    client.send(frame(Type::kData, 0, 1, "body") + frame(Type::kHeaders, kEndHeaders | kEndStream, 1, block({{"x-sum", "1"}})));
    auto got = asked(client, "body");
    EXPECT_EQ(got.find("x-sum"), got.npos);
    EXPECT_NE(got.find("Content-Length: 4\r\n"), got.npos) << got;
}

TEST_F(Http2Connection, AResetEndsItsStreamAlone) {
    Http2Peer client(site);
    client.ask(1, get("/up"));
    client.ask(3, get("/up"));
    asked(client, "GET /");
    client.send(frame(Type::kReset, 0, 1, number32(static_cast<std::uint32_t>(Code::kCancel))));
    auto second = peer.accept();
    std::string text;
    for (auto* fd : {&upstream, &second}) write_some(fd->get(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    client.turn(20);
    EXPECT_EQ(client.streams[1].status, "");
    EXPECT_EQ(client.streams[3].body, "ok");
}

TEST_F(Http2Connection, MoreStreamsThanAgreedAreRefused) {
    WireSite few("events { } error_log /dev/null crit; http { access_log off; http2 on; http2_max_concurrent_streams 2; server { listen 80; location / { proxy_pass http://unix:" +
                 peer.path() + ":/; } } }");
    Http2Peer client(few);
    for (std::uint32_t id : {1u, 3u, 5u}) client.ask(id, get("/"));
    EXPECT_EQ(client.streams[5].reset, static_cast<int>(Code::kRefused));
    EXPECT_EQ(client.streams[1].reset, -1);
    EXPECT_EQ(client.goaway, -1);
}

/// The first GOAWAY only says that there is an end: what was on its way is served. Then comes the one that counts.
TEST_F(Http2Connection, TheEndIsSaidTwice) {
    Http2Peer client(site);
    client.ask(1, get("/"));
    site.thread.draining = true;
    site.thread.clients.each([](http::LiveConnection& connection) { connection.wind_down(); });
    client.turn();
    EXPECT_EQ(client.goaway_stream, 0x7fffffffu);
    EXPECT_EQ(client.goaway, static_cast<int>(Code::kNone));
    client.ask(3, get("/"));
    EXPECT_EQ(client.streams[3].status, "200");
    EXPECT_TRUE(client.open);
    client.send(frame(Type::kPing, http2::kAck, 0, "bext end"));
    client.turn();
    EXPECT_EQ(client.goaway_stream, 3u);
    EXPECT_EQ(client.goaways, 2u);
    EXPECT_FALSE(client.open);
    site.thread.draining = false;
}

TEST_F(Http2Connection, RequestsUnderWayAreServedToTheirEnd) {
    Http2Peer client(site);
    client.ask(1, get("/up"));
    asked(client, "GET /");
    site.thread.clients.each([](http::LiveConnection& connection) { connection.wind_down(); });
    client.send(frame(Type::kPing, http2::kAck, 0, "bext end"));
    EXPECT_EQ(client.goaway_stream, 1u);
    client.ask(3, get("/"));
    EXPECT_EQ(client.streams[3].status, "") << "it came behind the end";
    write_some(upstream.get(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    client.turn(20);
    EXPECT_EQ(client.streams[1].body, "ok");
    EXPECT_FALSE(client.open);
}

/// A head that does not come to its end costs its stream, whatever the client makes of the rest; the others have their time.
TEST_F(Http2Connection, ALateHeadEndsItsStreamAlone) {
    WireSite quick("events { } error_log /dev/null crit; http { access_log off; http2 on; client_header_timeout 50ms; keepalive_timeout 150ms;"
                   " server { listen 80; location / { return 200 x; } location /up { proxy_pass http://unix:" + peer.path() + ":/; } } }");
    auto wait = [&](Http2Peer& client, int ms) {
        for (int i = 0; i < ms / 10; ++i) {
            ::usleep(10'000);
            client.turn(1);
        }
    };
    Http2Peer client(quick);
    client.ask(1, get("/up"));
    asked(client, "GET /");
    auto head = block(get("/"));
    client.send(frame(Type::kHeaders, kEndStream, 3, head.substr(0, 10)));
    wait(client, 100);
    EXPECT_EQ(client.streams[3].reset, static_cast<int>(Code::kProtocol));
    client.send(frame(Type::kContinuation, kEndHeaders, 3, head.substr(10)));
    wait(client, 300);
    write_some(upstream.get(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    client.turn(20);
    EXPECT_EQ(client.streams[1].body, "ok");
    wait(client, 300);
    EXPECT_EQ(client.goaway, static_cast<int>(Code::kNone)) << "then it is idle, and ends at its time";

    Http2Peer halfway(quick);  // idle within a frame that is nobody's
    halfway.send(frame(Type::kHeaders, kEndHeaders | kEndStream, 1, block(get("/"))) + frame(static_cast<Type>(88), 0, 0, "unfinished").substr(0, 12));
    wait(halfway, 300);
    EXPECT_EQ(halfway.goaway, static_cast<int>(Code::kNone));
    EXPECT_FALSE(halfway.open);
}

/// A table of another size is answered in the next header block, be it of trailers (RFC 7541, section 4.2).
TEST_F(Http2Connection, TrailersMayBeTheFirstBlockOfANewTable) {
    WireSite trailing("events { } error_log /dev/null crit; http { access_log off; http2 on; add_trailer X-End yes; server { listen 80; location / { return 200 '" +
                      std::string(3000, 'b') + "'; } } }");
    Http2Peer client(trailing, setting(http2::Setting::kInitialWindow, 0));
    client.ask(1, get("/"));
    client.send(frame(Type::kSettings, 0, 0, setting(http2::Setting::kTableSize, 0) + setting(http2::Setting::kInitialWindow, 1 << 20)));
    ASSERT_TRUE(client.streams[1].ended);
    EXPECT_EQ(value_of(client.streams[1].trailers, "x-end"), "yes");
    EXPECT_EQ(client.last_block.front(), '\x20');
    client.ask(3, get("/"));
    EXPECT_NE(client.last_block.front(), '\x20') << "once is enough";
}

/// Whether or not the client acknowledges anything, and whatever it asks for meanwhile.
TEST_F(Http2Connection, TheEndComesByItself) {
    Http2Peer client(site);
    client.ask(1, get("/"));
    site.thread.clients.each([](http::LiveConnection& connection) { connection.wind_down(); });
    client.ask(3, get("/"));
    EXPECT_EQ(client.goaways, 1u);
    for (int i = 0; i < 40 && client.goaways < 2; ++i) {
        ::usleep(50'000);
        client.turn(1);
    }
    EXPECT_EQ(client.goaway_stream, 3u);
    client.turn();
    EXPECT_FALSE(client.open);
}

TEST_F(Http2Connection, AConfigurationWithoutHttp2EndsIt) {
    Http2Peer idle(site), busy(site);
    for (auto* client : {&idle, &busy}) client->ask(1, get("/"));
    busy.ask(3, get("/up"));
    asked(busy, "GET /");
    site.replace("events { } error_log /dev/null crit; http { access_log off; server { listen 80; return 200 x; } }");
    idle.turn();
    EXPECT_EQ(idle.goaway_stream, 0x7fffffffu);
    idle.send(frame(Type::kPing, kAck, 0, "bext end"));
    EXPECT_FALSE(idle.open);
    busy.ask(5, get("/"));
    EXPECT_EQ(busy.streams[5].reset, static_cast<int>(Code::kRefused));
    EXPECT_EQ(busy.goaway_stream, 3u);
    write_some(upstream.get(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    busy.turn(20);
    EXPECT_EQ(busy.streams[3].body, "ok");
    EXPECT_FALSE(busy.open);
}

TEST_F(Http2Connection, KeepaliveRequestsEndIt) {
    WireSite few("events { } error_log /dev/null crit; http { access_log off; http2 on; keepalive_requests 2; server { listen 80; location / { return 200 x; } } }");
    Http2Peer client(few);
    client.ask(1, get("/"));
    EXPECT_EQ(client.goaways, 0u);
    client.ask(3, get("/"));
    EXPECT_EQ(client.streams[3].body, "x");
    EXPECT_EQ(client.goaway_stream, 3u);
    client.turn();
    EXPECT_FALSE(client.open);
}

}  // namespace
}  // namespace bext::tests
