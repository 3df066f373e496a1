// Which connections to a peer are used again, when the peer and its lengths do not agree.
#include <gtest/gtest.h>

#include "support/wire_site.h"

namespace bext::tests {
namespace {

class KeptConnections : public testing::Test {
protected:
    /// Turns until the answer's body has come, or nothing happens any more.
    template <class Done>
    bool turn_until(Done done) {
        for (int i = 0; i < 500; ++i) {
            if (done()) return true;
            site.turn();
        }
        return false;
    }

    /// One request of a client of its own, answered with `pieces`, each in a segment that is read by itself; then what came. The peer's
    /// connection is the one before when the server uses it again.
    std::string ask(const std::vector<std::string>& pieces, bool close = false, std::string_view path = "/", std::string_view method = "GET") {
        auto client = site.connect();
        write_some(client.get(), cat({method, " ", path, " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}));
        std::string request, answer;
        again = true;
        bool came = turn_until([&] {
            if (auto fresh = peer.accept()) {
                upstream = std::move(fresh);
                again = false;
            }
            if (upstream) read_all(upstream.get(), request);
            return !request.empty();
        });
        if (!came) return "no request";
        for (auto& piece : pieces) {
            write_some(upstream.get(), piece);
            for (int i = 0; i < 8; ++i) site.turn();
        }
        if (close) ::shutdown(upstream.get(), SHUT_WR);
        turn_until([&] { return !read_all(client.get(), answer); });
        auto head = answer.find("\r\n\r\n");
        return head == answer.npos ? "no head: " + answer : answer.substr(head + 4);
    }

    UnixPeer peer;
    WireSite site{"events { worker_connections 64; } error_log /dev/null crit; http { access_log off; client_max_body_size 8m; client_body_buffer_size 5m; proxy_http_version 1.1; proxy_set_header Connection ''; "
                  "upstream kept { server unix:" + peer.path() + "; keepalive 4; } server { listen 80; location / { proxy_pass http://kept; } "
                  "location /streamed { proxy_request_buffering off; proxy_pass http://kept; } location /unbuffered { proxy_buffering off; proxy_pass http://kept; } "
                  "location /fastcgi { fastcgi_keep_conn on; fastcgi_pass kept; } } }"};
    Fd upstream;
    bool again = false;
};

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";

TEST_F(KeptConnections, OneIsUsedAgain) {
    EXPECT_EQ(ask({std::string(kHead), "hello"}), "hello");
    EXPECT_EQ(ask({cat({kHead, "again"})}), "again");
    EXPECT_TRUE(again);
    EXPECT_EQ(ask({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"}), "5\r\nhello\r\n0\r\n\r\n");
    EXPECT_TRUE(again);
    EXPECT_EQ(ask({"HTTP/1.1 204 No Content\r\n\r\n"}), "");
    EXPECT_TRUE(again);
    EXPECT_EQ(ask({cat({kHead, "hello"})}), "hello");
    EXPECT_TRUE(again);
}

/// The answers whose peer goes on beyond their end: of each, the bytes with and behind the end, and what the client is to get.
TEST_F(KeptConnections, OneWithSurplusIsNot) {
    struct Case {
        std::vector<std::string> pieces;
        std::string_view body, method = "GET";
    };
    const std::string kBuffer(4096, 'b');  // as much as is read at once
    const Case cases[] = {
        {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}, "hello"},
        {{std::string(kHead), "helloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}, "hello"},
        {{std::string(kHead), "he", "lloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}, "hello"},
        {{std::string(kHead), "hello", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}, "hello"},
        {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}, "5\r\nhello\r\n0\r\n\r\n"},
        {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}, "5\r\nhello\r\n0\r\n\r\n"},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n", cat({kBuffer, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"})}, kBuffer},
        {{"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}, ""},
        {{"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}, ""},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}, ""},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}, "", "HEAD"},
    };
    for (auto* path : {"/", "/unbuffered"})
        for (auto& one : cases) {
            EXPECT_EQ(ask(one.pieces, false, path, one.method), one.body) << path << " " << one.pieces.front();
            EXPECT_EQ(ask({std::string(kHead), "right"}), "right") << path << " " << one.pieces.front();
            EXPECT_FALSE(again) << path << " " << one.pieces.front();
        }
}

TEST_F(KeptConnections, OneThatBreaksOffIsNot) {
    struct Case {
        std::string_view answer, body;
    };
    const Case cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", "hello"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "5\r\nhello\r\n"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "hello"},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
    };
    for (auto* path : {"/", "/unbuffered"})
        for (auto& one : cases) {
            EXPECT_EQ(ask({std::string(one.answer)}, true, path), one.body) << path << " " << one.answer;
            for (int i = 0; i < 8; ++i) site.turn();
            EXPECT_EQ(ask({std::string(kHead), "right"}), "right") << path << " " << one.answer;
            EXPECT_FALSE(again) << path << " " << one.answer;
        }
}

/// Else the next request would be the rest of this one's body.
TEST_F(KeptConnections, OneThatHasNotTheWholeRequestIsNot) {
    for (auto* path : {"/", "/streamed"}) {
        auto client = site.connect();
        std::string request = cat({"POST ", path, " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 4000000\r\n\r\n"}) + std::string(4'000'000, 'b');
        std::string_view rest = request;
        std::string answer;
        upstream.reset();
        bool ended = turn_until([&] {
            rest.remove_prefix(write_some(client.get(), rest));
            if (auto fresh = peer.accept()) {
                upstream = std::move(fresh);
                write_some(upstream.get(), cat({kHead, "early"}));
            }
            return !read_all(client.get(), answer);
        });
        EXPECT_TRUE(ended) << path;
        EXPECT_TRUE(answer.ends_with("early")) << path << answer;
        std::string part;
        EXPECT_TRUE(turn_until([&] { return !read_all(upstream.get(), part); })) << path << ": it is still open";
        EXPECT_LT(part.size(), request.size());
    }
}

TEST_F(KeptConnections, OneThatIsSaidToEndIsNot) {
    for (std::string_view answer : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                                    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
                                    "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
        ask({std::string(answer)});
        EXPECT_EQ(ask({std::string(kHead), "right"}), "right") << answer;
        EXPECT_FALSE(again) << answer;
    }
}

std::string fastcgi_record(unsigned type, std::string_view content) {
    return std::string{1, static_cast<char>(type), 0, 1, static_cast<char>(content.size() >> 8), static_cast<char>(content.size()), 0, 0} + std::string(content);
}

TEST_F(KeptConnections, FastcgiRecordsBehindTheEnd) {
    auto answer = fastcgi_record(6, "Content-Length: 5\r\n\r\nhello") + fastcgi_record(6, "") + fastcgi_record(3, std::string(8, '\0'));
    EXPECT_EQ(ask({answer}, false, "/fastcgi"), "hello");
    EXPECT_EQ(ask({answer}, false, "/fastcgi"), "hello");
    EXPECT_TRUE(again);
    auto evil = fastcgi_record(6, "Content-Length: 4\r\n\r\nevil") + fastcgi_record(6, "") + fastcgi_record(3, std::string(8, '\0'));
    EXPECT_EQ(ask({answer + evil}, false, "/fastcgi"), "hello");
    EXPECT_EQ(ask({answer}, false, "/fastcgi"), "hello");
    EXPECT_FALSE(again);
}

}  // namespace
}  // namespace bext::tests
