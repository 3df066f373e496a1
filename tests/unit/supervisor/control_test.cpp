// The control socket: who is heard, who is believed, and that nobody waits for ever.
#include "supervisor/control.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "supervisor/control_place.h"
#include "supervisor/peer.h"

namespace bext::supervisor {
namespace {

/// A process that does something and is gone at the end; `act` gets a way to say that it is ready, and never returns.
class Process {
public:
    explicit Process(const std::function<void(const std::function<void()>&)>& act) {
        int ready[2];
        if (pipe(ready) != 0) return;
        pid_ = fork();
        if (pid_ == 0) {
            act([&] { (void)!write(ready[1], "y", 1); });
            _exit(0);
        }
        ::close(ready[1]);
        char word = 0;
        is_ready_ = read(ready[0], &word, 1) == 1;
        ::close(ready[0]);
    }
    ~Process() { end(); }
    void end() {
        if (pid_ <= 0) return;
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    pid_t pid() const { return pid_; }
    bool is_ready() const { return is_ready_; }

private:
    pid_t pid_ = -1;
    bool is_ready_ = false;
};

void answer_all(Control& control) {
    while (true) {
        pollfd waiting{control.fd(), POLLIN, 0};
        poll(&waiting, 1, -1);
        auto asker = control.accept();
        if (!asker) continue;
        pollfd asking{asker->fd(), POLLIN, 0};
        poll(&asking, 1, -1);
        auto request = Control::read(*asker);
        if (*request == "silence") pause();
        *request == "good" ? asker->succeed("text") : asker->fail("reason");
    }
}

void serve(const std::function<void()>& ready) {
    auto control = Control::listen();
    if (!control) _exit(1);
    ready();
    answer_all(*control);
}

class ControlTest : public testing::Test {
protected:
    ControlTest() {
        directory_ = testing::TempDir() + "control_XXXXXX";
        mkdtemp(directory_.data());
        if (geteuid() != 0) setenv("XDG_RUNTIME_DIR", directory_.c_str(), 1);
    }
    ~ControlTest() override { std::filesystem::remove_all(directory_); }

    static std::string directory() { return control_directories().back(); }
    static std::string path(pid_t pid) { return directory() + "/" + control_name(pid); }
    static bool exists(pid_t pid) { return access(path(pid).c_str(), F_OK) == 0; }

    std::string directory_;
};

TEST_F(ControlTest, AnswersWhoAsks) {
    Process server(serve);
    ASSERT_TRUE(server.is_ready());
    auto good = ask(server.pid(), "good", 5000);
    ASSERT_TRUE(good && *good);
    EXPECT_EQ(**good, "text");
    auto bad = ask(server.pid(), "bad", 5000);
    ASSERT_TRUE(bad && !*bad);
    EXPECT_EQ(bad->error().text, "reason");
    auto pid = server.pid();
    server.end();
    EXPECT_FALSE(ask(pid, "good", 100)) << "nobody is there any more";
}

TEST_F(ControlTest, NobodyElseCanReachItsSocket) {
    Process server(serve);
    ASSERT_TRUE(server.is_ready());
    struct stat found {};
    ASSERT_EQ(stat(directory().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0700u);
    EXPECT_EQ(found.st_uid, geteuid());
    ASSERT_EQ(stat(path(server.pid()).c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600u);
}

TEST_F(ControlTest, ADirectoryThatOthersCanEnterIsNotUsed) {
    auto shared = directory_ + "/shared";
    std::filesystem::create_directory(shared);
    chmod(shared.c_str(), 0755);
    EXPECT_FALSE(prepare_control_directory(shared));
    chmod(shared.c_str(), 0700);
    EXPECT_TRUE(prepare_control_directory(shared));
    chmod(directory_.c_str(), 0777);
    EXPECT_FALSE(prepare_control_directory(shared)) << "another could be put in its place";
    chmod(directory_.c_str(), 0700);
    std::filesystem::create_directory_symlink("shared", directory_ + "/link");
    EXPECT_FALSE(prepare_control_directory(directory_ + "/link"));
}

TEST_F(ControlTest, WhatDeadOnesLeftIsRemoved) {
    Process dead(serve), living(serve);
    ASSERT_TRUE(dead.is_ready() && living.is_ready());
    auto gone = dead.pid();
    dead.end();
    EXPECT_TRUE(exists(gone));
    Process next(serve);
    EXPECT_FALSE(exists(gone));
    EXPECT_TRUE(exists(living.pid()));
    auto own = Control::listen();
    ASSERT_TRUE(own);
    EXPECT_TRUE(exists(getpid()));
    own->close();
    EXPECT_FALSE(exists(getpid()));
}

TEST_F(ControlTest, NoAnswerIsNotWaitedForLongerThanThereIsTime) {
    Process server(serve);
    ASSERT_TRUE(server.is_ready());
    auto answer = ask(server.pid(), "silence", 50);
    ASSERT_TRUE(answer && !*answer);
    EXPECT_NE(answer->error().text.find("has not answered"), std::string::npos);
}

/// A seqpacket socket under an abstract name, as an older bext has it.
Fd abstract_socket(const std::string& name, bool listening) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    auto* at = reinterpret_cast<const sockaddr*>(&address);
    if (listening ? bind(fd.get(), at, size) != 0 || listen(fd.get(), 0) != 0 : connect(fd.get(), at, size) != 0) return Fd();
    return fd;
}

std::string older_name(pid_t pid) {
    auto name = control_name(pid);
    name[name.find('.')] = '/';
    return "bext/" + name;
}

TEST_F(ControlTest, AnOlderServerIsStillAsked) {
    Process older([](auto& ready) {
        auto listening = abstract_socket(older_name(getpid()), true);
        ready();
        pollfd waiting{listening.get(), POLLIN, 0};
        poll(&waiting, 1, -1);
        Asker asker(Fd(accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK)));
        waiting.fd = asker.fd();
        poll(&waiting, 1, -1);
        asker.succeed(*Control::read(asker));
        pause();
    });
    ASSERT_TRUE(older.is_ready());
    auto answer = ask(older.pid(), "upgrade", 5000);
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ(**answer, "upgrade");
}

TEST_F(ControlTest, WhoTookAServersNameIsNeitherBelievedNorWaitedFor) {
    Process server([](auto& ready) { ready(), pause(); });
    auto squatter = abstract_socket(older_name(server.pid()), true);
    ASSERT_TRUE(squatter);
    EXPECT_FALSE(ask(server.pid(), "status", 60'000)) << "another process answered";
    std::vector<Fd> waiting;
    while (auto one = abstract_socket(older_name(server.pid()), false)) waiting.push_back(std::move(one));
    EXPECT_FALSE(ask(server.pid(), "status", 60'000)) << "its queue is full";
}

TEST_F(ControlTest, AFullQueueIsNotWaitedForLongerThanThereIsTime) {
    Process server([](auto& ready) {
        auto control = Control::listen();
        ready(), pause();
    });
    ASSERT_TRUE(server.is_ready());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path(server.pid()).copy(address.sun_path, sizeof address.sun_path - 1);
    std::vector<Fd> waiting;
    while (true) {
        waiting.emplace_back(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (connect(waiting.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) break;
    }
    auto answer = ask(server.pid(), "status", 100);
    ASSERT_TRUE(answer && !*answer);
    EXPECT_NE(answer->error().text.find("has not answered"), std::string::npos);
}

/// What a process in namespaces of its own is told that connects to the socket of `server`; "" when it cannot be made.
std::string told_in(int namespaces, const std::string& path) {
    int ends[2];
    if (pipe(ends) != 0) return {};
    pid_t outside = fork();
    if (outside == 0) {
        alarm(20);
        if (unshare(namespaces) != 0) _exit(1);
        pid_t inside = fork();
        if (inside > 0) waitpid(inside, nullptr, 0);
        if (inside != 0) _exit(0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
        char text[200] = "not connected";
        ssize_t size = 13;
        if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) size = recv(fd, text, sizeof text, 0);
        (void)!write(ends[1], text, size > 0 ? static_cast<std::size_t>(size) : 0);
        _exit(0);
    }
    ::close(ends[1]);
    char text[200];
    auto size = read(ends[0], text, sizeof text);
    ::close(ends[0]);
    waitpid(outside, nullptr, 0);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

TEST_F(ControlTest, AnotherPidNamespaceIsRefused) {
    Process server(serve);
    ASSERT_TRUE(server.is_ready());
    auto told = told_in(CLONE_NEWPID | (geteuid() == 0 ? 0 : CLONE_NEWUSER), path(server.pid()));
    if (told.empty()) GTEST_SKIP() << "namespaces cannot be made here";
    EXPECT_EQ(told, "-a process of another pid namespace may not ask this server");
}

TEST_F(ControlTest, AnotherUserNamespaceIsRefused) {
    Process server(serve);
    ASSERT_TRUE(server.is_ready());
    auto told = told_in(CLONE_NEWUSER, path(server.pid()));
    if (told.empty()) GTEST_SKIP() << "namespaces cannot be made here";
    EXPECT_EQ(told, "-a process of another user namespace may not ask this server");
}

}  // namespace
}  // namespace bext::supervisor
