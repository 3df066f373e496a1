// A client that is slower than the peer gets the same bytes, one after the other, and what it has not taken is held where it may be.
#include <gtest/gtest.h>

#include <filesystem>

#include "support/wire_site.h"

namespace bext::tests {
namespace {

/// Bytes of which no stretch is like another of the same length.
std::string pattern(std::size_t size) {
    std::string text;
    for (std::uint32_t seed = 1; text.size() < size; seed = seed * 1664525 + 1013904223) text += static_cast<char>(seed >> 24);
    return text;
}

class SlowClient : public testing::Test {
protected:
    SlowClient() { std::filesystem::create_directories(temp); }
    ~SlowClient() override { std::filesystem::remove_all(temp); }

    std::string location(std::string_view name, std::string_view how) const {
        return cat({"location /", name, " { proxy_buffer_size 4k; proxy_buffers 4 4k; proxy_busy_buffers_size 8k; ", how, " proxy_pass http://unix:", peer.path(), "; } "});
    }
    static std::string with_head(std::string_view body) { return cat({"HTTP/1.1 200 OK\r\nContent-Length: ", std::to_string(body.size()), "\r\n\r\n", body}); }

    /// The client takes at most `most` bytes a turn, the peer sends at most `piece` of its answer; the body that came.
    std::string serve(std::string_view path, std::string_view answer, std::size_t most, std::size_t piece) {
        auto client = site.connect();
        int small = 4096;
        ::setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        write_some(client.get(), cat({"GET ", path, " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}));
        auto rest = answer;
        Fd upstream;
        std::string taken;
        std::string room(most, '\0');
        for (int idle = 0; idle < 2000; ++idle) {
            site.turn();
            if (!upstream) upstream = peer.accept();
            if (upstream && !rest.empty()) {
                auto sent = write_some(upstream.get(), rest.substr(0, piece));
                rest.remove_prefix(sent);
                if (sent) idle = 0;
            }
            auto n = ::recv(client.get(), room.data(), room.size(), 0);
            if (n == 0) break;
            if (n > 0) idle = 0, taken.append(room, 0, static_cast<std::size_t>(n));
        }
        auto end = taken.find("\r\n\r\n");
        return end == taken.npos ? "no head: " + taken : taken.substr(end + 4);
    }

    /// How much of a large answer the peer gets rid of while the client takes none of it.
    std::size_t taken_from_peer(std::string_view path, int most = 200) {
        auto client = site.connect();
        write_some(client.get(), cat({"GET ", path, " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}));
        auto answer = with_head(std::string(kLarge, 'x'));
        std::string_view rest = answer;
        Fd upstream;
        for (int idle = 0; idle < most; ++idle) {
            site.turn();
            if (!upstream) upstream = peer.accept();
            if (!upstream) continue;
            auto sent = write_some(upstream.get(), rest);
            rest.remove_prefix(sent);
            if (sent) idle = 0;
        }
        return answer.size() - rest.size();
    }

    static constexpr std::size_t kLarge = 16 << 20;
    static constexpr std::size_t kSockets = 2 << 20;  // more than the kernel holds of either connection

    UnixPeer peer;
    std::string temp = std::filesystem::path(peer.path()).parent_path().string() + "/temp";
    WireSite site{"events { worker_connections 64; } error_log /dev/null crit; http { access_log off; proxy_temp_path " + temp + "; server { listen 80; " +
                  location("memory", "proxy_max_temp_file_size 0;") + location("file", "proxy_max_temp_file_size 8m; proxy_temp_file_write_size 8k;") +
                  location("unbuffered", "proxy_buffering off;") + "fastcgi_temp_path " + temp + "; fastcgi_buffer_size 4k; fastcgi_buffers 4 4k; "
                  "fastcgi_busy_buffers_size 8k; location /fastcgi { fastcgi_max_temp_file_size 0; fastcgi_pass unix:" + peer.path() + "; } "
                  "location /fastcgi_file { fastcgi_pass unix:" + peer.path() + "; } } }"};
};

TEST_F(SlowClient, GetsEveryByteInItsPlace) {
    auto body = pattern(1'500'000);
    for (auto path : {"/memory", "/file", "/unbuffered"})
        for (std::size_t most : {3000, 50'000}) EXPECT_TRUE(serve(path, with_head(body), most, 100'000) == body) << path << " " << most;
}

TEST_F(SlowClient, GetsWhatIsSentByteByByte) {
    auto body = pattern(3000);
    for (auto path : {"/memory", "/file", "/unbuffered"}) EXPECT_TRUE(serve(path, with_head(body), 1, 1) == body) << path;
}

/// What is nothing for the client takes no room from what it has not taken yet.
TEST_F(SlowClient, GetsTheRecordsOfItsAnswerAndNoOthers) {
    auto body = pattern(400'000);
    auto record = [](unsigned type, std::string_view content) {
        return std::string{1, static_cast<char>(type), 0, 1, static_cast<char>(content.size() >> 8), static_cast<char>(content.size()), 0, 0} + std::string(content);
    };
    auto answer = record(6, cat({"Content-Length: ", std::to_string(body.size()), "\r\n\r\n"}));
    for (std::size_t at = 0; at < body.size(); at += 1000) {
        answer += record(6, std::string_view(body).substr(at, 1000));
        for (int i = 0; i < 4; ++i) answer += record(7, std::string(2000, 'e'));
    }
    answer += record(6, "") + record(3, std::string(8, '\0'));
    for (auto path : {"/fastcgi", "/fastcgi_file"}) EXPECT_TRUE(serve(path, answer, 500, 3000) == body) << path;
}

TEST_F(SlowClient, HoldsUpThePeerWhereNoFileMayBe) {
    EXPECT_LT(taken_from_peer("/memory"), kSockets);
    EXPECT_LT(taken_from_peer("/unbuffered"), kSockets);
}

TEST_F(SlowClient, FillsAFileUpToItsSize) {
    auto taken = taken_from_peer("/file", 5000);
    EXPECT_GT(taken, std::size_t{8} << 20);
    EXPECT_LT(taken, (std::size_t{8} << 20) + kSockets);
}

}  // namespace
}  // namespace bext::tests
