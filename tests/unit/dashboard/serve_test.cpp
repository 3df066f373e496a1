// The dashboard on its port: what a browser gets for the URL, and that who says nothing keeps nobody out.
#include "dashboard/serve.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "base/fd.h"

namespace bext::dashboard {
namespace {

Fd connected(int port, bool listening = false) {
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* at = reinterpret_cast<sockaddr*>(&address);
    if (listening ? bind(fd.get(), at, sizeof address) != 0 : connect(fd.get(), at, sizeof address) != 0) return Fd();
    return fd;
}

int free_port() {
    auto fd = connected(0, true);
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

class DashboardTest : public testing::Test {
protected:
    void SetUp() override {
        actions_.command = "bext nginx-takeover";
        actions_.status = [] { return std::string("\"phase\":\n\"Preflight\"\n"); };
        for (auto* name : {"checks", "rehearsal", "config"}) actions_.shows[name] = [] { return std::string("{}"); };
        for (auto* name : {"checks", "takeover", "rollback"}) actions_.changes[name] = [this]() -> Result<> { return ++begun_, Result<>(); };
        actions_.changes["slow"] = [this]() -> Result<> { return under_way_.set_value(), wait_to_go(), Error{"it went\nback"}; };
        actions_.interrupt = [this] { ++interrupted_, go_ = true; };
        actions_.decisions["accept"] = [this](std::string_view body) -> Result<> {
            if (body.empty()) return Error{"say why"};
            accepted_ = body;
            return {};
        };
        std::promise<std::string> opened;
        port_ = free_port();
        thread_ = std::thread([&] { (void)serve(port_, actions_, [&](const std::string& url) { opened.set_value(url); }); });
        url_ = opened.get_future().get();
        token_ = url_.substr(url_.find("token=") + 6);
    }
    void TearDown() override { end(); }
    void wait_to_go() const {
        for (int i = 0; i < 1000 && !go_; ++i) usleep(10'000);
    }
    void end() {
        if (!thread_.joinable()) return;
        kill(getpid(), SIGTERM);  // asio hears it, and ends
        thread_.join();
    }

    std::string ask(const std::string& line, const std::string& fields, const std::string& body = "") const {
        auto fd = connected(port_);
        auto request = line + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "not sent";
        return rest_of(fd);
    }
    static std::string rest_of(const Fd& fd) {
        std::string answer;
        char piece[4096];
        for (ssize_t n; (n = recv(fd.get(), piece, sizeof piece, 0)) > 0;) answer.append(piece, static_cast<std::size_t>(n));
        return answer;
    }
    static std::string between(const std::string& text, const std::string& before, const std::string& after) {
        auto at = text.find(before);
        if (at == std::string::npos) return {};
        at += before.size();
        return text.substr(at, text.find(after, at) - at);
    }

    Actions actions_;
    int port_ = 0, begun_ = 0, interrupted_ = 0;
    std::promise<void> under_way_;
    std::atomic<bool> go_ = false;
    std::string url_, token_, accepted_;
    std::thread thread_;
};

TEST_F(DashboardTest, TheTokenOfTheUrlBecomesTwoSecrets) {
    auto entry = ask("GET /?token=" + token_, "");
    auto cookie = "Cookie: " + between(entry, "Set-Cookie: ", ";") + "\r\n", key = "X-Bext-Key: " + between(entry, "'bext-key','", "'") + "\r\n";
    ASSERT_GT(cookie.size(), 80u) << entry;
    ASSERT_GT(key.size(), 70u) << entry;
    EXPECT_EQ(entry.find(token_), std::string::npos) << "the browser has no use for it any more";
    // What another port of this machine gets is the cookie: it shows the page, and neither state nor secret.
    auto page = ask("GET /", cookie);
    EXPECT_TRUE(page.starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(page.find(token_), std::string::npos);
    EXPECT_EQ(page.find(between(key, ": ", "\r")), std::string::npos);
    for (auto* path : {"/api/status", "/api/checks", "/api/rehearsal", "/api/config", "/api/events"}) {
        EXPECT_TRUE(ask(std::string("GET ") + path, cookie).starts_with("HTTP/1.1 403 ")) << path;
        EXPECT_TRUE(ask(std::string("GET ") + path, key).starts_with("HTTP/1.1 403 ")) << path;
    }
    EXPECT_TRUE(ask("POST /api/takeover", cookie).starts_with("HTTP/1.1 403 "));
    EXPECT_TRUE(ask("POST /api/takeover", key).starts_with("HTTP/1.1 403 "));
    EXPECT_EQ(begun_, 0);
    // The page has both, a script has the token.
    EXPECT_NE(ask("GET /api/status", cookie + key).find("Preflight"), std::string::npos);
    EXPECT_NE(ask("GET /api/status", "X-Bext-Token: " + token_ + "\r\n").find("Preflight"), std::string::npos);
    EXPECT_TRUE(ask("POST /api/rollback", cookie + key).starts_with("HTTP/1.1 202 "));
}

TEST_F(DashboardTest, ADecisionIsMadeAtOnceAndNeedsTheToken) {
    auto token = "X-Bext-Token: " + token_ + "\r\n";
    EXPECT_TRUE(ask("POST /api/accept", "", "x").starts_with("HTTP/1.1 403 "));
    EXPECT_EQ(accepted_, "");
    EXPECT_TRUE(ask("POST /api/accept", token, "a\nb").starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(accepted_, "a\nb");
    auto refused = ask("POST /api/accept", token, "");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 409 ") && refused.find("say why") != std::string::npos) << refused;
    EXPECT_TRUE(ask("GET /api/accept", token).starts_with("HTTP/1.1 404 ")) << "it is no page to look at";
    EXPECT_TRUE(ask("POST /api/config", token).starts_with("HTTP/1.1 404 ")) << "what is shown is no action";
}

TEST_F(DashboardTest, OneChangeAtATimeAndItsTroubleIsTold) {
    auto token = "X-Bext-Token: " + token_ + "\r\n";
    EXPECT_TRUE(ask("POST /api/slow", token).starts_with("HTTP/1.1 202 "));
    under_way_.get_future().wait();
    EXPECT_TRUE(ask("POST /api/takeover", token).starts_with("HTTP/1.1 409 "));
    EXPECT_EQ(begun_, 0);
    EXPECT_NE(ask("GET /api/status", token).find("\"busy\":true,\"doing\":\"slow\",\"trouble\":\"\""), std::string::npos);
    go_ = true;
    std::string status;
    for (int i = 0; i < 500 && status.find("\"busy\":false") == std::string::npos; ++i, usleep(10'000)) status = ask("GET /api/status", token);
    EXPECT_NE(status.find("\"doing\":\"\",\"trouble\":\"it went\\u000aback\""), std::string::npos) << status;
    EXPECT_TRUE(ask("POST /api/takeover", token).starts_with("HTTP/1.1 202 ")) << "the next may begin";
}

TEST_F(DashboardTest, ASignalAsksWhatIsUnderWayToGoBackAndWaitsForIt) {
    EXPECT_TRUE(ask("POST /api/slow", "X-Bext-Token: " + token_ + "\r\n").starts_with("HTTP/1.1 202 "));
    under_way_.get_future().wait();
    end();
    EXPECT_EQ(interrupted_, 1);
}

TEST_F(DashboardTest, ASignalInterruptsNothingWhereNothingIsUnderWay) {
    end();
    EXPECT_EQ(interrupted_, 0);
}

TEST_F(DashboardTest, WhoSaysNothingKeepsNobodyOut) {
    std::vector<Fd> idle;
    for (int i = 0; i < 80; ++i) idle.push_back(connected(port_));
    EXPECT_NE(ask("GET /api/status", "X-Bext-Token: " + token_ + "\r\n").find("Preflight"), std::string::npos);
    EXPECT_EQ(rest_of(idle.front()), "") << "the oldest has gone";
}

TEST_F(DashboardTest, WhoHasTheTokenStays) {
    auto stream = connected(port_);
    auto request = "GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\nX-Bext-Token: " + token_ + "\r\n\r\n";
    ASSERT_GT(send(stream.get(), request.data(), request.size(), MSG_NOSIGNAL), 0);
    char piece[4096];
    ASSERT_GT(recv(stream.get(), piece, sizeof piece, 0), 0);
    std::vector<Fd> idle;
    for (int i = 0; i < 80; ++i) idle.push_back(connected(port_));
    EXPECT_EQ(rest_of(idle.front()), "");
    auto size = recv(stream.get(), piece, sizeof piece, 0);
    ASSERT_GT(size, 0) << "an event";
    auto event = std::string(piece, static_cast<std::size_t>(size));
    EXPECT_TRUE(event.starts_with("data: {") && event.ends_with("\"phase\":\"Preflight\"}\n\n")) << "a line end would end it: " << event;
}

}  // namespace
}  // namespace bext::dashboard
