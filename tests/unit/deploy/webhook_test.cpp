// The webhook: who may run the command, and how often it runs.
#include "deploy/webhook.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/digest.h"
#include "base/fd.h"
#include "base/log.h"
#include "deploy/signature.h"

namespace bext::deploy {
namespace {

// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
constexpr char kSecret[] = "It's a Secret to Everybody";
constexpr char kBody[] = "Hello, World!";
constexpr char kSignature[] = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

TEST(SignatureTest, IsGitHubs) {
    EXPECT_TRUE(is_signed(kSignature, kBody, kSecret));
    EXPECT_FALSE(is_signed(kSignature, "Hello, World", kSecret));
    EXPECT_FALSE(is_signed(kSignature, kBody, "another"));
    EXPECT_FALSE(is_signed("", kBody, kSecret));
    EXPECT_FALSE(is_signed("sha256=", kBody, kSecret));
    std::string almost = kSignature;
    almost.back() = '8';
    EXPECT_FALSE(is_signed(almost, kBody, kSecret));
    EXPECT_FALSE(is_signed(std::string(kSignature) + "0", kBody, kSecret));
    EXPECT_FALSE(is_signed(std::string(kSignature).substr(7), kBody, kSecret));
}

TEST(SignatureTest, AnEmptySecretSignsNothing) {
    EXPECT_FALSE(is_signed("sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", "", ""));
}

class WebhookTest : public testing::Test {
protected:
    void SetUp() override {
        directory_ = testing::TempDir() + "webhook-" + std::to_string(getpid());
        std::filesystem::create_directory(directory_);
        log_ = std::make_shared<LogFile>(directory_ + "/log");
        log_->adopt(open(log_->path().c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644));
        process_log() = Log();
        process_log().add(Level::kNotice, log_to_file(log_));
    }
    void TearDown() override {
        io_.stop();
        if (thread_.joinable()) thread_.join();
        mask_child_signals(SIG_UNBLOCK);
        process_log() = Log();
        std::filesystem::remove_all(directory_);
    }

    static void mask_child_signals(int how) {
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGCHLD);
        pthread_sigmask(how, &signals, nullptr);
    }

    void serve(const std::string& command) {
        options_ = {"127.0.0.1:0", kSecret, command, log_->fd()};
        hook_ = std::make_unique<Webhook>(io_, options_);
        auto started = hook_->start();
        ASSERT_TRUE(started) << started.error().text;
        thread_ = std::thread([this] { io_.run(); });
        mask_child_signals(SIG_BLOCK);  // they interrupt that thread, and no call of this one
    }

    std::string send(const std::string& request) const {
        Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(hook_->port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "not connected";
        if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "not sent";
        std::string answer;
        char piece[4096];
        for (ssize_t n; (n = recv(fd.get(), piece, sizeof piece, 0)) > 0;) answer.append(piece, static_cast<std::size_t>(n));
        return answer;
    }

    std::string post(const std::string& fields) const {
        return send("POST /deploy HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: 13\r\n\r\n" + kBody);
    }
    std::string push() const { return post("X-GitHub-Event: push\r\nX-Hub-Signature-256: " + std::string(kSignature) + "\r\n"); }

    std::string content(const std::string& name) const {
        std::ifstream in(directory_ + "/" + name);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    bool wait_for(const std::function<bool()>& condition) const {
        for (int i = 0; i < 3000; ++i, std::this_thread::sleep_for(std::chrono::milliseconds(10)))
            if (condition()) return true;
        return false;
    }
    bool wait_for_log(const std::string& text) const {
        return wait_for([&] { return content("log").find(text) != std::string::npos; });
    }

    std::string directory_;
    std::shared_ptr<LogFile> log_;
    Options options_;
    boost::asio::io_context io_;
    std::unique_ptr<Webhook> hook_;
    std::thread thread_;
};

TEST_F(WebhookTest, ASignedPushRunsTheCommand) {
    serve("echo; echo out; echo err >&2; touch " + directory_ + "/ran; exit 3");
    auto answer = push();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 202 Accepted\r\n")) << answer;
    EXPECT_TRUE(wait_for_log("exited with status 3"));
    EXPECT_NE(content("log").find("\nout\nerr\n"), std::string::npos);
    EXPECT_TRUE(std::filesystem::exists(directory_ + "/ran"));
}

TEST_F(WebhookTest, NobodyElseRunsIt) {
    serve("touch " + directory_ + "/ran");
    std::string right = "X-Hub-Signature-256: " + std::string(kSignature) + "\r\n";
    EXPECT_TRUE(post("").starts_with("HTTP/1.1 403 "));
    EXPECT_TRUE(post("X-Hub-Signature-256: sha256=00\r\n").starts_with("HTTP/1.1 403 "));
    EXPECT_TRUE(post("X-GitHub-Event: ping\r\n").starts_with("HTTP/1.1 403 "));
    EXPECT_TRUE(post("X-GitHub-Event: ping\r\n" + right).starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(post("X-GitHub-Event: issues\r\n" + right).starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 405 "));
    EXPECT_TRUE(send("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n").starts_with("HTTP/1.1 413 "));
    EXPECT_TRUE(send("POST / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n").starts_with("HTTP/1.1 431 "));
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/ran"));
    EXPECT_EQ(content("log").find("runs \""), std::string::npos);
}

TEST_F(WebhookTest, PushesDuringARunAreOneMoreRun) {
    serve("echo x >> " + directory_ + "/runs; until [ -e " + directory_ + "/go ]; do sleep 0.01; done");
    EXPECT_NE(push().find("\r\n\r\nstarted\n"), std::string::npos);
    EXPECT_TRUE(wait_for([&] { return content("runs") == "x\n"; }));
    for (int i = 0; i < 3; ++i) EXPECT_NE(push().find("it runs already"), std::string::npos);
    EXPECT_EQ(content("runs"), "x\n");
    std::ofstream(directory_ + "/go") << "";
    auto ends = [&] {
        std::istringstream log(content("log"));
        int count = 0;
        for (std::string line; std::getline(log, line);) count += line.find("exited with status 0") != std::string::npos;
        return count;
    };
    EXPECT_TRUE(wait_for([&] { return ends() == 2; }));
    EXPECT_EQ(content("runs"), "x\nx\n");
}

TEST_F(WebhookTest, AnEventlessPushCounts) {
    serve("touch " + directory_ + "/ran");
    EXPECT_TRUE(post("X-Hub-Signature-256: " + std::string(kSignature) + "\r\n").starts_with("HTTP/1.1 202 "));
    EXPECT_TRUE(wait_for_log("exited with status 0"));
    EXPECT_TRUE(std::filesystem::exists(directory_ + "/ran"));
}

TEST_F(WebhookTest, ListensOnLoopbackOnly) {
    for (auto* listen : {"0.0.0.0:0", "10.0.0.1:0", "[::]:0", "127.0.0.1", "127.0.0.1:x", "here:1"}) {
        Options options{listen, kSecret, "true", 2};
        EXPECT_FALSE(Webhook(io_, options).start()) << listen;
    }
}

}  // namespace
}  // namespace bext::deploy
