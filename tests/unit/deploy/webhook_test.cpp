// The webhook: who may run the command, and how often it runs.
#include "deploy/webhook.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
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

bool is_signed(const std::string& field, std::string_view body, std::string_view secret, std::size_t piece = 5) {
    Signature signature(field, secret);
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) signature.add(body.substr(0, piece));
    return signature.is_right();
}

TEST(SignatureTest, IsGitHubs) {
    for (std::size_t piece : {1, 5, 100}) EXPECT_TRUE(is_signed(kSignature, kBody, kSecret, piece));
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

TEST(DeliveriesTest, EitherHeaderOrBodyShowsOneAgain) {
    Deliveries deliveries;
    deliveries.remember("id", "signature");
    EXPECT_TRUE(deliveries.has("id", "other"));
    EXPECT_TRUE(deliveries.has("other", "signature"));
    EXPECT_FALSE(deliveries.has("other", "another"));
    deliveries.remember("", "third");
    EXPECT_FALSE(deliveries.has("", "another")) << "no id is none that fits";
}

TEST(DeliveriesTest, ItsMemoryIsBounded) {
    Deliveries deliveries;
    for (std::size_t i = 0; i < Deliveries::kMost + 10; ++i) deliveries.remember(std::to_string(i), "s" + std::to_string(i));
    EXPECT_EQ(deliveries.count(), Deliveries::kMost);
    EXPECT_FALSE(deliveries.has("9", ""));
    EXPECT_TRUE(deliveries.has("10", ""));
}

std::optional<std::int64_t> push_time(std::string_view body, std::size_t piece) {
    PushTime time;
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) time.add(body.substr(0, piece));
    return time.seconds();
}

TEST(DeliveriesTest, APushTellsWhenItWas) {
    for (std::size_t piece : {1, 2, 7, 1000}) {
        EXPECT_EQ(push_time(R"({"ref":"r","repository":{"pushed_at":1700000000,"x":1}})", piece), 1700000000);
        EXPECT_EQ(push_time(R"({"m":"\"pushed_at\":1","pushed_at": 17})", piece), 17);
        EXPECT_EQ(push_time(R"({"pushed_at":"2019-05-15T15:20:33Z","a":{"pushed_at":3}})", piece), 3);
        for (auto* none : {"{}", R"({"pushed_at":null})", R"({"pushed_at":"2019-05-15T15:20:33Z"})", R"({"pushed_at)"})
            EXPECT_FALSE(push_time(none, piece)) << none;
    }
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

    Fd connected() const {
        Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(hook_->port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Fd();
        return fd;
    }

    static std::string answer_on(const Fd& fd) {
        std::string answer;
        char piece[4096];
        for (ssize_t n; (n = recv(fd.get(), piece, sizeof piece, 0)) > 0;) answer.append(piece, static_cast<std::size_t>(n));
        return answer;
    }

    std::string send(const std::string& request) const {
        auto fd = connected();
        if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "not sent";
        return answer_on(fd);
    }

    std::string post(const std::string& fields, const std::string& body = kBody) const {
        return send("POST /deploy HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
    static std::string signed_by_us(const std::string& body) {
        std::string field = "X-Hub-Signature-256: sha256=";
        char digits[3];
        for (unsigned char byte : hmac_sha256(kSecret, body)) snprintf(digits, sizeof digits, "%02x", byte), field += digits;
        return field + "\r\n";
    }
    std::string push(const std::string& body = kBody, const std::string& fields = "") const {
        return post("X-GitHub-Event: push\r\n" + fields + signed_by_us(body), body);
    }

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
    EXPECT_TRUE(post(right).starts_with("HTTP/1.1 400 ")) << "it does not say that it is a push";
    EXPECT_TRUE(post("X-GitHub-Event: ping\r\n" + right).starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(post("X-GitHub-Event: issues\r\n" + signed_by_us("an issue"), "an issue").starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(push("an issue").starts_with("HTTP/1.1 409 ")) << "the event is not signed, only the body is";
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
    for (auto* body : {"a", "b", "c"}) EXPECT_NE(push(body).find("it runs already"), std::string::npos);
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

TEST_F(WebhookTest, ADeliveryHasItsEffectOnce) {
    serve("true");
    EXPECT_TRUE(push("one", "X-GitHub-Delivery: 1\r\n").starts_with("HTTP/1.1 202 "));
    for (auto* id : {"X-GitHub-Delivery: 1\r\n", "X-GitHub-Delivery: 2\r\n", ""})
        EXPECT_TRUE(push("one", id).starts_with("HTTP/1.1 409 ")) << id;
    EXPECT_TRUE(push("two", "X-GitHub-Delivery: 1\r\n").starts_with("HTTP/1.1 409 "));
    EXPECT_TRUE(push("two", "X-Gitea-Delivery: 2\r\n").starts_with("HTTP/1.1 202 "));
    EXPECT_TRUE(push("three", "X-Gitea-Delivery: 2\r\n").starts_with("HTTP/1.1 409 "));
    EXPECT_TRUE(push("three", "X-GitHub-Delivery: " + std::string(200, '3') + "\r\n").starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(push("three").starts_with("HTTP/1.1 202 "));
}

TEST_F(WebhookTest, AnOldPushIsRefused) {
    serve("true");
    auto body = [](std::int64_t ago) { return "{\"repository\":{\"pushed_at\":" + std::to_string(std::time(nullptr) - ago) + "}}"; };
    EXPECT_TRUE(push(body(3 * 24 * 3600)).starts_with("HTTP/1.1 409 "));
    EXPECT_TRUE(push(body(3600)).starts_with("HTTP/1.1 202 "));
}

TEST_F(WebhookTest, WhoSaysNothingKeepsNobodyOut) {
    serve("true");
    std::vector<Fd> idle;
    for (std::size_t i = 0; i < 2 * Webhook::kMostGuests; ++i) idle.push_back(connected());
    EXPECT_TRUE(push().starts_with("HTTP/1.1 202 "));
    EXPECT_EQ(answer_on(idle.front()), "") << "the oldest has gone";
}

// A sanitizer keeps what was freed, to find who still uses it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kKeepsFreedMemory = true;
#elif defined(__has_feature)
constexpr bool kKeepsFreedMemory = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kKeepsFreedMemory = false;
#endif

long largest_memory() {  // KiB
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
}

TEST_F(WebhookTest, ABodyIsNotKept) {
    serve("true");
    constexpr std::size_t kSize = 16 * 1024 * 1024 - 1;  // sanitizers are slow, and a delivery has 10 s
    auto before = largest_memory();
    std::vector<Fd> sending;
    std::string piece(1024 * 1024, 'x');
    for (int i = 0; i < 3; ++i) {
        sending.push_back(connected());
        auto head = "POST / HTTP/1.1\r\nHost: a\r\nX-Hub-Signature-256: " + std::string(kSignature) + "\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n";
        ASSERT_GT(::send(sending.back().get(), head.data(), head.size(), MSG_NOSIGNAL), 0);
        for (std::size_t sent = 0; sent + piece.size() <= kSize; sent += piece.size())
            ASSERT_EQ(::send(sending.back().get(), piece.data(), piece.size(), MSG_NOSIGNAL), static_cast<ssize_t>(piece.size()));
    }
    EXPECT_LT(largest_memory() - before, kKeepsFreedMemory ? 512 * 1024 : 24 * 1024) << "KiB for 48 MiB that nobody has signed";
    piece.resize(kSize % piece.size());
    for (auto& fd : sending) {
        ASSERT_GT(::send(fd.get(), piece.data(), piece.size(), MSG_NOSIGNAL), 0);
        EXPECT_TRUE(answer_on(fd).starts_with("HTTP/1.1 403 "));
    }
}

TEST_F(WebhookTest, ListensOnLoopbackOnly) {
    for (auto* listen : {"0.0.0.0:0", "10.0.0.1:0", "[::]:0", "127.0.0.1", "127.0.0.1:x", "here:1"}) {
        Options options{listen, kSecret, "true", 2};
        EXPECT_FALSE(Webhook(io_, options).start()) << listen;
    }
}

}  // namespace
}  // namespace bext::deploy
