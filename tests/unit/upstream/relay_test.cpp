// What a peer sends without content for the client: it is taken, and nothing spins (Relay, FastCGI records, interim heads).
#include <gtest/gtest.h>

#include "support/wire_site.h"

namespace bext::tests {
namespace {

std::string record(unsigned type, std::string_view content, unsigned padding = 0) {
    std::string text{1, static_cast<char>(type), 0, 1, static_cast<char>(content.size() >> 8), static_cast<char>(content.size()), static_cast<char>(padding), 0};
    return text + std::string(content) + std::string(padding, '\0');
}

/// One request answered by a peer that sends `bytes`, as fast as they are taken, and then stays silent or closes.
class Relay : public testing::Test {
protected:
    void ask(std::string_view path) {
        ::alarm(30);  // a turn that never ends
        client = site.connect();
        write_some(client.get(), cat({"GET ", path, " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}));
    }
    void TearDown() override { ::alarm(0); }

    /// Turns until everything was taken and the answer has ended. False when there are more than `most`.
    bool serve(std::string_view bytes, bool close, int most) {
        for (int i = 0; i < most; ++i) {
            site.turn();
            if (!upstream) upstream = peer.accept();
            if (upstream) bytes.remove_prefix(write_some(upstream.get(), bytes));
            if (upstream && close && bytes.empty()) ::shutdown(upstream.get(), SHUT_WR);
            if (!read_all(client.get(), answer)) return true;
        }
        return false;
    }

    UnixPeer peer;
    WireSite site{"events { worker_connections 64; } error_log /dev/null crit; http { access_log off; proxy_http_version 1.1; proxy_read_timeout 200ms; server { listen 80; "
                  "location /fastcgi { fastcgi_pass unix:" + peer.path() + "; } location /small { fastcgi_buffers 2 1k; fastcgi_buffer_size 1k; "
                  "fastcgi_busy_buffers_size 1k; fastcgi_max_temp_file_size 0; fastcgi_pass unix:" + peer.path() + "; } location /proxy { proxy_pass http://unix:" + peer.path() + "; } } }"};
    Fd client, upstream;
    std::string answer;
};

const std::string kPage = record(6, "Content-Type: text/html\r\n\r\nbegun, ");
const std::string kEnd = record(6, "ended") + record(6, "") + record(3, std::string(8, '\0'));

TEST_F(Relay, MuchStandardErrorBehindTheBeginning) {
    std::string bytes = kPage;
    while (bytes.size() < 300'000) bytes += record(7, "PHP Notice: " + std::string(1000, 'x'), 4);
    for (auto path : {"/fastcgi", "/small"}) {
        answer.clear();
        upstream.reset();
        ask(path);
        ASSERT_TRUE(serve(bytes + kEnd, false, 2000)) << path;
        EXPECT_NE(answer.find("begun, "), std::string::npos) << path;
        EXPECT_NE(answer.find("ended"), std::string::npos) << path;
    }
}

TEST_F(Relay, EmptyRecordsAreBounded) {
    std::string bytes = kPage;
    while (bytes.size() < 200'000) bytes += record(7, "", 8);
    ask("/small");
    ASSERT_TRUE(serve(bytes + kEnd, false, 2000));
    EXPECT_EQ(answer.find("ended"), std::string::npos);  // the peer is mad: what it says later is not waited for
}

TEST_F(Relay, InterimHeadsDoNotKeepARequestForEver) {
    ask("/proxy");
    bool ended = false;
    for (int i = 0; i < 4000 && !ended; ++i) {
        site.turn();
        if (!upstream) upstream = peer.accept();
        if (upstream && i % 8 == 0) write_some(upstream.get(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        ::poll(nullptr, 0, 1);
        ended = !read_all(client.get(), answer);
    }
    EXPECT_TRUE(ended);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 504")) << answer;
}

TEST_F(Relay, ManyInterimHeadsInOneBufferAreNoRecursion) {
    std::string bytes;
    while (bytes.size() < 400'000) bytes += "HTTP/1.1 103 E\r\n\r\n";
    ask("/proxy");
    ASSERT_TRUE(serve(bytes + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true, 2000));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
}

}  // namespace
}  // namespace bext::tests
