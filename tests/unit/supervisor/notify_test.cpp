// What a service manager reads from us, played by a datagram socket; and the sockets that it hands over.
#include "supervisor/notify.h"
#include "supervisor/supervisor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include "supervisor/service_sockets.h"

namespace bext::supervisor {
namespace {

struct Datagram {
    std::string text;
    std::vector<Fd> fds;
};

bool is_same_file(int a, int b) {
    struct stat first, second;
    return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_ino == second.st_ino && first.st_dev == second.st_dev;
}

class NotifyTest : public testing::Test {
protected:
    void SetUp() override {
        path_ = testing::TempDir() + "notify-" + std::to_string(getpid());
        unlink(path_.c_str());
        manager_ = Fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(bind(manager_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    }
    void TearDown() override {
        for (auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) unsetenv(name);
        unlink(path_.c_str());
    }

    /// The next datagram; "" when there is none.
    Datagram next() {
        char text[4096], control[CMSG_SPACE(sizeof(int) * 253)];
        iovec piece{text, sizeof text};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        auto n = recvmsg(manager_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        Datagram got{std::string(text, n > 0 ? static_cast<std::size_t>(n) : 0), {}};
        for (auto* header = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr; header; header = CMSG_NXTHDR(&message, header)) {
            if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
            for (std::size_t i = 0; i < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
                int fd = -1;
                std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
                got.fds.emplace_back(fd);
            }
        }
        return got;
    }

    std::string path_;
    Fd manager_;
};

TEST_F(NotifyTest, SaysWhatTheServiceDoes) {
    Notify notify;
    EXPECT_TRUE(notify.wanted());
    notify.ready("serving");
    EXPECT_EQ(next().text, "READY=1\nSTATUS=serving");
    notify.stopping();
    EXPECT_EQ(next().text, "STOPPING=1");
    notify.status("two\nlines");
    EXPECT_EQ(next().text, "STATUS=two lines");
    notify.main_pid(42);
    EXPECT_EQ(next().text, "MAINPID=42");
    notify.extend_timeout(1500);
    EXPECT_EQ(next().text, "EXTEND_TIMEOUT_USEC=1500000");
}

TEST_F(NotifyTest, AReloadHasItsTime) {
    auto before = clock_ms() * 1000;
    Notify().reloading();
    auto text = next().text;
    auto at = text.find("RELOADING=1\nMONOTONIC_USEC=");
    ASSERT_EQ(at, 0u) << text;
    auto said = std::strtoull(text.c_str() + std::strlen("RELOADING=1\nMONOTONIC_USEC="), nullptr, 10);
    EXPECT_GE(said, before);
    EXPECT_LE(said, (clock_ms() + 1) * 1000);
}

TEST_F(NotifyTest, KeepsTheWatchdogContent) {
    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
    Notify notify;
    EXPECT_EQ(notify.watchdog_interval_ms(), 1500u);
    notify.keep_alive();
    EXPECT_EQ(next().text, "WATCHDOG=1");
    EXPECT_EQ(getenv("WATCHDOG_PID"), nullptr);
    EXPECT_EQ(Notify().watchdog_interval_ms(), 1500u) << "the successor has the duty too";
}

TEST_F(NotifyTest, HasNoWatchdogThatIsNotItsOwn) {
    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    Notify notify;
    EXPECT_EQ(notify.watchdog_interval_ms(), 0u);
    notify.keep_alive();
    EXPECT_EQ(next().text, "");
}

TEST_F(NotifyTest, StoresDescriptorsUnderAName) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    Fd first(ends[0]), second(ends[1]);
    ASSERT_TRUE(Notify().store("listen", ends));
    auto got = next();
    EXPECT_EQ(got.text, "FDSTORE=1\nFDPOLL=0\nFDNAME=listen");
    ASSERT_EQ(got.fds.size(), 2u);
    EXPECT_TRUE(is_same_file(got.fds[0].get(), ends[0]));
    EXPECT_TRUE(is_same_file(got.fds[1].get(), ends[1]));
    ASSERT_TRUE(Notify().unstore("listen"));
    EXPECT_EQ(next().text, "FDSTOREREMOVE=1\nFDNAME=listen");
}

TEST_F(NotifyTest, StoresMoreThanOneMessageHolds) {
    std::vector<int> fds(300, manager_.get());
    ASSERT_TRUE(Notify().store("listen", fds));
    std::size_t count = 0;
    for (auto got = next(); !got.text.empty(); got = next()) count += got.fds.size();
    EXPECT_EQ(count, 300u);
}

TEST_F(NotifyTest, RefusesNamesThatTheManagerWould) {
    int fd = manager_.get();
    for (const std::string& name : {std::string(), std::string("a:b"), std::string("a\nREADY=1"), std::string(256, 'x')}) {
        EXPECT_FALSE(Notify().store(name, {&fd, 1})) << name;
        EXPECT_FALSE(Notify().unstore(name)) << name;
    }
    EXPECT_EQ(next().text, "");
}

TEST_F(NotifyTest, WaitsUntilTheManagerHasReadIt) {
    Notify notify;
    notify.main_pid(42);
    EXPECT_FALSE(notify.settle(1)) << "nobody has read it";
    std::thread reader([this] {
        while (next().text != "BARRIER=1") std::this_thread::yield();  // a descriptor closed says that it was read
        while (next().text != "BARRIER=1") std::this_thread::yield();
    });
    EXPECT_TRUE(notify.settle(30'000));
    reader.join();
}

TEST_F(NotifyTest, IsSilentWithoutAManager) {
    unsetenv("NOTIFY_SOCKET");
    Notify notify;
    EXPECT_FALSE(notify.wanted());
    notify.ready("serving");
    int fd = manager_.get();
    EXPECT_TRUE(notify.store("listen", {&fd, 1}));
    EXPECT_TRUE(notify.settle(1));
    EXPECT_EQ(next().text, "");
}

TEST_F(NotifyTest, ReportsAManagerThatIsGone) {
    Notify notify;
    manager_.reset();
    int fd = 0;
    EXPECT_FALSE(notify.store("listen", {&fd, 1}));
    EXPECT_FALSE(notify.settle(100));
}

/// Runs `body` in a process that systemd has started with `count` sockets; its answer is the exit status.
int with_listen_fds(int count, bool for_us, const std::function<bool()>& body) {
    auto pid = fork();
    if (pid == 0) {
        for (int i = 0; i < count; ++i) {
            int made = socket(AF_UNIX, SOCK_STREAM, 0);
            if (made != 3 + i) {
                dup2(made, 3 + i);
                close(made);
            }
        }
        setenv("LISTEN_PID", std::to_string(for_us ? getpid() : getpid() + 1).c_str(), 1);
        setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
        setenv("LISTEN_FDNAMES", count == 2 ? "one:two" : "one", 1);
        _exit(body() ? 0 : 1);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool no_listen_variables() { return !getenv("LISTEN_PID") && !getenv("LISTEN_FDS") && !getenv("LISTEN_FDNAMES"); }

TEST(ServiceSocketsTest, TakesWhatIsMeantForThisProcess) {
    EXPECT_EQ(with_listen_fds(2, true, [] {
        auto fds = sockets_from_service_manager();
        return fds.size() == 2 && fds[0].get() == 3 && fds[1].get() == 4 && (fcntl(3, F_GETFD) & FD_CLOEXEC) && no_listen_variables();
    }), 0);
}

TEST(ServiceSocketsTest, LeavesWhatIsMeantForAnother) {
    EXPECT_EQ(with_listen_fds(1, false, [] {
        return sockets_from_service_manager().empty() && fcntl(3, F_GETFD) >= 0 && no_listen_variables();
    }), 0);
}

TEST(ServiceSocketsTest, ThereMayBeNone) { EXPECT_TRUE(sockets_from_service_manager().empty()); }

}  // namespace
}  // namespace bext::supervisor
