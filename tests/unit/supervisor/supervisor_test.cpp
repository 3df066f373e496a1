// Supervisor: start, reload, crash, logs and end, each in real processes with a loader and a worker that play theirs.
#include "supervisor/control.h"
#include "supervisor/control_place.h"
#include "supervisor_fixture.h"

namespace bext::supervisor::testing_support {
namespace {

TEST_F(SupervisorTest, StartsServesAndQuits) {
    launch_and_wait(listen("s") + "name=one");
    EXPECT_EQ(name(), "one");
    EXPECT_EQ(service(), pid_);
    EXPECT_TRUE(exists("temp"));
    kill(pid_, SIGQUIT);
    EXPECT_EQ(exit_status(), 0);
    EXPECT_FALSE(exists("pid"));
    EXPECT_FALSE(exists("s"));
    EXPECT_TRUE(logged("[notice]") && logged("signal 3 (SIGQUIT) received from ") && logged(", shutting down"));
    EXPECT_TRUE(logged(": exit\n"));
    EXPECT_EQ(read_file(at("milestones")), "04");
}

TEST_F(SupervisorTest, DaemonReturnsWhenItServes) {
    launch(listen("s") + "daemon name=one");
    EXPECT_EQ(exit_status(), 0);
    EXPECT_EQ(name(), "one");
    int service_pid = service();
    ASSERT_GT(service_pid, 1);
    EXPECT_TRUE(alive(service_pid));
    EXPECT_EQ(getsid(service_pid), service_pid);
    kill(service_pid, SIGTERM);
    EXPECT_TRUE(wait_until([&] { return !exists("pid"); }));
}

TEST_F(SupervisorTest, DaemonThatCannotServeFails) {
    launch(listen("s") + "daemon refuse");
    EXPECT_EQ(exit_status(), 1);
    EXPECT_TRUE(wait_until([&] { return read_file(at("stderr")) == "nginx: [emerg] cannot serve this\n"; }));
    EXPECT_TRUE(wait_until([&] { return !exists("pid") && !exists("s"); }));
}

TEST_F(SupervisorTest, BadConfigurationDoesNotStart) {
    launch("bad");
    EXPECT_EQ(exit_status(), 1);
    EXPECT_NE(read_file(at("stderr")).find("[emerg] "), std::string::npos);
    EXPECT_NE(read_file(at("stderr")).find("unknown directive \"bad\"\n"), std::string::npos);
    EXPECT_FALSE(exists("pid"));
}

TEST_F(SupervisorTest, WorkerThatDiesAtTheStartFailsIt) {
    launch(listen("s") + "crash");
    EXPECT_EQ(exit_status(), 1);
    EXPECT_NE(read_file(at("stderr")).find("exited on signal 6"), std::string::npos);
    EXPECT_FALSE(exists("pid"));
}

TEST_F(SupervisorTest, BindFailureIsSaidOnTheTerminal) {
    launch("listen=/nonexistent/s");
    EXPECT_EQ(exit_status(), 1);
    EXPECT_EQ(read_file(at("stderr")),
              "nginx: [emerg] bind() to unix:/nonexistent/s failed (2: No such file or directory)\n");
    EXPECT_TRUE(logged("[emerg]"));
}

TEST_F(SupervisorTest, ReloadIsInPlaceAndKeepsSockets) {
    launch_and_wait(listen("s") + listen("old") + "name=one");
    int worker = worker_pid();
    configure(listen("s") + listen("new") + "name=two");
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_until([&] { return name() == "two"; }));
    EXPECT_EQ(worker_pid(), worker);
    EXPECT_EQ(name("new"), "two");
    EXPECT_TRUE(wait_until([&] { return ask("old") == "refused" && !exists("old"); }));
    EXPECT_TRUE(logged("signal 1 (SIGHUP) received from " + std::to_string(getpid()) + ", reconfiguring\n"));
}

TEST_F(SupervisorTest, BadReloadChangesNothing) {
    launch_and_wait(listen("s") + "name=one");
    configure("bad");
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_log("[emerg]"));
    EXPECT_TRUE(logged("unknown directive \"bad\""));
    EXPECT_EQ(name(), "one");
    configure(listen("s") + "name=two");
    kill(pid_, SIGHUP);
    EXPECT_TRUE(wait_until([&] { return name() == "two"; }));
    EXPECT_TRUE(wait_until([&] { return read_file(at("milestones")) == "01312"; }));
}

TEST_F(SupervisorTest, ReloadThatTheWorkerRefusesChangesNothing) {
    launch_and_wait(listen("s") + "name=one");
    configure(listen("s") + listen("new") + "refuse");
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_log("cannot serve this"));
    EXPECT_TRUE(wait_until([&] { return !exists("new"); }));
    EXPECT_EQ(name(), "one");
}

TEST_F(SupervisorTest, ReloadThatCannotBindChangesNothing) {
    launch_and_wait(listen("s") + "name=one");
    configure(listen("s") + "listen=/nonexistent/s pid=" + at("pid2") + " name=two");
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_log("bind() to unix:/nonexistent/s failed (2: No such file or directory)"));
    EXPECT_EQ(name(), "one");
    EXPECT_TRUE(exists("pid"));
    EXPECT_TRUE(wait_until([&] { return !exists("pid2"); }));
}

TEST_F(SupervisorTest, ReloadThatKillsTheWorkerGoesBack) {
    launch_and_wait(listen("s") + "name=one");
    int worker = worker_pid();
    configure(listen("s") + "crash");
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_log("while it took the new configuration"));
    EXPECT_EQ(name(), "one");  // waits in the socket's queue until the next worker takes it
    EXPECT_NE(worker_pid(), worker);
}

TEST_F(SupervisorTest, ReloadTheWorkerDoesNotAnswerIsGivenUp) {
    options_.load_deadline_ms = 300;
    launch_and_wait(listen("s") + "name=one");
    int worker = worker_pid();
    configure(listen("s") + "unready");
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_log("did not take the configuration in time"));
    EXPECT_EQ(name(), "one");
    configure(listen("s") + "slow name=two");  // serves it after all: and is brought back
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_until([&] { return read_file(at("milestones")) == "01313"; }));
    EXPECT_TRUE(wait_until([&] { return name() == "one"; }));
    EXPECT_EQ(worker_pid(), worker);
}

TEST_F(SupervisorTest, ReloadWhileReloadingHappensAfterwards) {
    launch_and_wait(listen("s") + "name=one");
    configure(listen("s") + "slow name=two");
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_log("reconfiguring"));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    configure(listen("s") + "name=three");
    kill(pid_, SIGHUP);
    EXPECT_TRUE(wait_until([&] { return name() == "three"; }));
}

TEST_F(SupervisorTest, WhatAProcessCannotChangeStartsAnotherOne) {
    launch_and_wait(listen("s") + "name=one");
    int worker = worker_pid();
    std::ofstream(at("busy")) << "a request";
    configure(listen("s") + "name=two env=SEEN=yes");
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_until([&] { return name() == "two"; }));
    // Until it hears that it is to end, the old one may still take a connection.
    EXPECT_TRUE(wait_until([&] { return worker_pid() != worker; }));
    EXPECT_TRUE(wait_until([&] { return ask().find(" yes\n") != std::string::npos; }));
    EXPECT_TRUE(alive(worker));  // it finishes what it began
    std::filesystem::remove(at("busy"));
    EXPECT_TRUE(wait_until([&] { return !alive(worker); }));
    configure(listen("s") + "refuse env=SEEN=other");
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_log("cannot serve this"));
    EXPECT_EQ(name(), "two");
}

TEST_F(SupervisorTest, WorkerIsTheUserAndTheRestIsRoots) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    launch_and_wait(listen("s") + "name=one user");
    auto status = read_file("/proc/" + std::to_string(worker_pid()) + "/status");
    EXPECT_NE(status.find("Uid:\t65534\t65534\t65534\t65534\n"), std::string::npos);
    EXPECT_NE(status.find("Gid:\t65534\t65534\t65534\t65534\n"), std::string::npos);
    EXPECT_NE(status.find("Groups:\t65533 65534 \n"), std::string::npos) << status;
    EXPECT_NE(status.find("CapPrm:\t0000000000000000\n"), std::string::npos);
    struct stat found{};
    stat(at("temp").c_str(), &found);
    EXPECT_EQ(found.st_uid, 65534u);
    EXPECT_EQ(found.st_mode & 07777, 0700u);
    stat(at("pid").c_str(), &found);
    EXPECT_EQ(found.st_uid, 0u);
    EXPECT_EQ(found.st_mode & 07777, 0644u);
    // Nothing but stdio, its channel, the sockets and the logs is open in the worker.
    auto descriptors = std::filesystem::directory_iterator("/proc/" + std::to_string(worker_pid()) + "/fd");
    EXPECT_LE(std::distance(begin(descriptors), end(descriptors)), 4 + 1 + 1);
}

TEST_F(SupervisorTest, PidFileMovesWithTheConfiguration) {
    launch_and_wait(listen("s") + "name=one");
    configure(listen("s") + "name=two pid=" + at("pid2"));
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_until([&] { return !exists("pid"); }));
    EXPECT_EQ(read_file(at("pid2")), std::to_string(pid_) + "\n");
    kill(pid_, SIGQUIT);
    EXPECT_EQ(exit_status(), 0);
    EXPECT_FALSE(exists("pid2"));
}

TEST_F(SupervisorTest, DeadWorkerIsReplacedAndNobodyRefused) {
    launch_and_wait(listen("s") + "name=one");
    for (int i = 0; i < 3; ++i) {
        int worker = worker_pid();
        ASSERT_GT(worker, 1);
        kill(worker, SIGKILL);
        ASSERT_TRUE(wait_log("worker process " + std::to_string(worker) + " exited on signal 9"));
        EXPECT_NE(worker_pid(), worker);
        EXPECT_EQ(name(), "one");
    }
    EXPECT_TRUE(logged("dies repeatedly"));
}

TEST_F(SupervisorTest, LogsAreReopened) {
    launch_and_wait(listen("s") + "name=one");
    std::filesystem::rename(at("error.log"), at("error.log.1"));
    kill(pid_, SIGUSR1);
    ASSERT_TRUE(wait_log("worker reopened"));
    EXPECT_NE(read_file(at("error.log.1")).find("reopening logs"), std::string::npos);
    kill(pid_, SIGUSR2);
    EXPECT_TRUE(wait_log("signal 12 (SIGUSR2) received"));
}

TEST_F(SupervisorTest, QuitWaitsForWhatIsInFlight) {
    launch_and_wait(listen("s") + "name=one");
    std::ofstream(at("busy")) << "a request";
    kill(pid_, SIGQUIT);
    ASSERT_TRUE(wait_log("shutting down"));
    EXPECT_TRUE(wait_until([&] { return ask() == "refused"; }));
    EXPECT_EQ(waitpid(pid_, nullptr, WNOHANG), 0);
    std::filesystem::remove(at("busy"));
    EXPECT_EQ(exit_status(), 0);
}

TEST_F(SupervisorTest, SecondQuitEndsAtOnce) {
    launch_and_wait(listen("s") + "name=one");
    std::ofstream(at("busy")) << "a request";
    kill(pid_, SIGQUIT);
    ASSERT_TRUE(wait_log("shutting down"));
    kill(pid_, SIGQUIT);
    EXPECT_EQ(exit_status(), 0);
}

TEST_F(SupervisorTest, QuitAtTheStartWaitsForWhatHasBegun) {
    launch(listen("s") + "slow name=one");
    ASSERT_TRUE(wait_until([&] { return exists("pid"); }));
    std::ofstream(at("busy")) << "a request";
    kill(pid_, SIGQUIT);
    ASSERT_TRUE(wait_until([&] { return read_file(at("milestones")) == "04"; }));
    EXPECT_EQ(waitpid(pid_, nullptr, WNOHANG), 0);
    std::filesystem::remove(at("busy"));
    EXPECT_EQ(exit_status(), 0);
    EXPECT_FALSE(exists("pid"));
}

TEST_F(SupervisorTest, TermAtTheStartCallsItOff) {
    launch(listen("s") + "unready");
    ASSERT_TRUE(wait_until([&] { return exists("pid"); }));
    kill(pid_, SIGTERM);
    EXPECT_EQ(exit_status(), 0);
    EXPECT_FALSE(exists("pid"));
}

TEST_F(SupervisorTest, WorkerThatDoesNotListenIsKilled) {
    launch_and_wait(listen("s") + "name=one");
    int worker = worker_pid();
    kill(worker, SIGSTOP);
    kill(pid_, SIGTERM);
    EXPECT_EQ(exit_status(), 0);
    EXPECT_FALSE(alive(worker));
    EXPECT_TRUE(logged("worker process " + std::to_string(worker) + " exited on signal 9"));
}

TEST_F(SupervisorTest, TermIsImmediateButInMasquerade) {
    launch_and_wait(listen("s") + "name=one");
    std::ofstream(at("busy")) << "a request";
    kill(pid_, SIGTERM);
    EXPECT_EQ(exit_status(), 0);
    std::filesystem::remove(at("milestones"));
    options_.masquerade = true;
    launch_and_wait(listen("s") + "name=one");
    kill(pid_, SIGTERM);
    ASSERT_TRUE(wait_until([&] { return read_file(at("milestones")) == "04"; }));
    EXPECT_EQ(waitpid(pid_, nullptr, WNOHANG), 0);
    std::filesystem::remove(at("busy"));
    EXPECT_EQ(exit_status(), 0);
}

TEST_F(SupervisorTest, WorkerWithoutSupervisorEnds) {
    launch_and_wait(listen("s") + "name=one");
    int worker = worker_pid();
    kill(pid_, SIGKILL);
    EXPECT_EQ(exit_status(), 1009);
    EXPECT_TRUE(wait_until([&] { return !alive(worker); }));
}

TEST_F(SupervisorTest, InheritedSocketsAreServedWithoutDaemon) {
    auto address = unix_address(at("s"));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(fd, 5), 0);
    setenv("NGINX", (std::to_string(fd) + ";").c_str(), 1);
    launch_and_wait(listen("s") + "daemon name=one");
    unsetenv("NGINX");
    close(fd);
    EXPECT_EQ(name(), "one");
    EXPECT_EQ(service(), pid_);
}

/// "+text" or "-reason".
std::string told(int pid, const std::string& request) {
    auto answer = supervisor::ask(pid, request, 5000);
    if (!answer) return "nobody";
    return *answer ? "+" + **answer : "-" + answer->error().text;
}

/// A new binary that tests the configuration, and then neither serves nor ends.
class UnfinishedUpgrade : public SupervisorTest {
protected:
    void begin() {
        std::ofstream(at("next")) << "#!/bin/sh\n[ \"$1\" = check ] && exit 0\necho $$ > " << at("next_pid.new") << "\nmv " << at("next_pid.new") << " " << at("next_pid") << "\nexec sleep 60\n";
        std::filesystem::permissions(at("next"), std::filesystem::perms::owner_all);
        options_.binary = at("next");
        options_.check_argv = {"next", "check"};
        options_.exec_argv = {"next"};
        launch_and_wait(listen("s") + "name=one");
        kill(pid_, SIGUSR2);
        ASSERT_TRUE(wait_until([this] { return exists("next_pid"); }));
        next_ = atoi(read_file(at("next_pid")).c_str());
        ASSERT_GT(next_, 1);
    }
    ~UnfinishedUpgrade() override {
        if (next_ > 1 && alive(next_)) kill(next_, SIGKILL);
    }
    int next_ = -1;
};

TEST_F(UnfinishedUpgrade, LeavesNoProcessBehind) {
    options_.upgrade_deadline_ms = 300;
    begin();
    EXPECT_TRUE(wait_log("the binary was not changed: the new process did not serve in time"));
    EXPECT_TRUE(wait_until([this] { return !alive(next_); }));
    EXPECT_EQ(service(), pid_);
    EXPECT_FALSE(exists("pid.oldbin"));
    EXPECT_EQ(name(), "one");
}

TEST_F(UnfinishedUpgrade, EndsWithTheService) {
    begin();
    kill(pid_, SIGTERM);
    EXPECT_EQ(exit_status(), 0);
    EXPECT_TRUE(wait_until([this] { return !alive(next_); }));
    EXPECT_FALSE(exists("pid"));
    EXPECT_FALSE(exists("pid.oldbin"));
}

TEST_F(SupervisorTest, WhoAsksNamesNoProgram) {
    if (geteuid() != 0) setenv("XDG_RUNTIME_DIR", directory_.c_str(), 1);
    options_.stand_aside_path = at("stand-aside");
    launch_and_wait(listen("s") + "name=one");
    auto named = "/bin/sh\nsh\n-c\ntouch " + at("ran") + "\n";
    EXPECT_TRUE(told(service(), "stand-aside\n" + named).starts_with("-unknown request"));
    EXPECT_TRUE(told(service(), "upgrade\n" + named).starts_with("-unknown request"));
    EXPECT_EQ(told(service(), "stand-aside"), "-this server is in nobody's place");
    kill(pid_, SIGTERM);
    EXPECT_EQ(exit_status(), 0);
    std::filesystem::remove(at("milestones"));
    options_.masquerade = true;
    launch_and_wait(listen("s") + "name=one");
    EXPECT_TRUE(told(service(), "stand-aside\n" + named).starts_with("-unknown request"));
    EXPECT_NE(told(service(), "stand-aside").find("failed (2: No such file or directory)"), std::string::npos);
    EXPECT_FALSE(exists("ran"));
    std::ofstream(at("stand-aside")) << "/bin/sh\nsh\n-c\n[ \"$NGINX\" ] && touch " << at("ran") << "\n";
    chmod(at("stand-aside").c_str(), 0600);
    EXPECT_TRUE(told(service(), "stand-aside").starts_with("+"));
    EXPECT_TRUE(wait_log("going on with the binary before"));
    EXPECT_TRUE(exists("ran"));
    EXPECT_EQ(service(), pid_);
    kill(pid_, SIGKILL);
    EXPECT_EQ(exit_status(), 1009);
}

TEST_F(SupervisorTest, WhoConnectsAndSaysNothingIsNotKeptForEver) {
    if (geteuid() != 0) setenv("XDG_RUNTIME_DIR", directory_.c_str(), 1);
    launch_and_wait(listen("s") + "name=one");
    auto address = unix_address(control_directories().back() + "/" + control_name(service()));
    std::vector<Fd> silent;
    for (int i = 0; i < 100; ++i) {
        silent.emplace_back(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        ASSERT_EQ(connect(silent.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    EXPECT_TRUE(told(service(), "words").starts_with("+"));
    char byte;
    EXPECT_EQ(recv(silent.front().get(), &byte, 1, 0), 0) << "the oldest has gone";
    kill(pid_, SIGTERM);
    EXPECT_EQ(exit_status(), 0);
    EXPECT_NE(access(address.sun_path, F_OK), 0) << "nothing is left";
}

}  // namespace
}  // namespace bext::supervisor::testing_support
