// A worker that is stopped, hangs or dies again and again, and what the Supervisor does about it.
#include "supervisor_fixture.h"

namespace bext::supervisor {
namespace {

using namespace testing_support;

TEST_F(SupervisorTest, AWorkerThatAnswersIsStartedAtOnceHoweverOftenItDies) {
    launch_and_wait(listen("s") + "name=one counts");
    for (int i = 0; i < 20; ++i) {
        int worker = worker_pid();
        ASSERT_GT(worker, 1);
        kill(worker, SIGKILL);
        ASSERT_TRUE(wait_log("worker process " + std::to_string(worker) + " exited on signal 9"));
    }
    EXPECT_FALSE(logged("dies repeatedly")) << "each of them was of use";
}

TEST_F(SupervisorTest, AStoppedWorkerIsReplacedAfterAWhile) {
    options_.patience_ms = 300;
    launch_and_wait(listen("s") + "name=one");
    int worker = worker_pid();
    kill(worker, SIGSTOP);
    ASSERT_TRUE(wait_log("hangs: a signal has stopped it; another one is started"));
    EXPECT_NE(worker_pid(), worker);
    kill(worker, SIGCONT);
    EXPECT_TRUE(wait_log("worker process " + std::to_string(worker) + " exited with code 0")) << "it finishes what it had";
}

TEST_F(SupervisorTest, AThreadThatHangsIsNamedAndItsWorkerReplaced) {
    options_.patience_ms = 300;
    launch_and_wait(listen("s") + "name=one hangs");
    pid_t client = fork();
    if (client == 0) _exit(ask() == "nothing" ? 0 : 1);  // hangs it, and waits
    ASSERT_TRUE(wait_log("with open() \"/mnt/stuck\"; its last new request: www.example.org/stuck; another one is started"));
    kill(client, SIGKILL);
    waitpid(client, nullptr, 0);
}

TEST_F(SupervisorTest, AReloadDoesNotWaitForAStoppedWorker) {
    launch_and_wait(listen("s") + "name=one");
    int worker = worker_pid();
    kill(worker, SIGSTOP);
    configure(listen("s") + "name=two");
    kill(pid_, SIGHUP);
    EXPECT_TRUE(wait_until([&] { return read_file(at("milestones")) == "012"; }));
    EXPECT_EQ(name(), "two");
    EXPECT_NE(worker_pid(), worker);
    kill(worker, SIGKILL);  // nothing is left behind, not even stopped
}

TEST_F(SupervisorTest, AWorkerThatHangsOnlyNowDoesNotHoldUpTheReload) {
    options_.patience_ms = 1000;
    launch_and_wait(listen("s") + "name=one");
    int worker = worker_pid();
    configure(listen("s") + "name=two hangs_at_load");
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_log("another one takes the new configuration"));
    EXPECT_EQ(name(), "two");
    EXPECT_NE(worker_pid(), worker);
}

TEST_F(SupervisorTest, WhatTheWorkerHasNoRoomForAFreshOneTakes) {
    launch_and_wait(listen("s") + "name=one");
    int worker = worker_pid();
    configure(listen("s") + "name=two unable");
    kill(pid_, SIGHUP);
    ASSERT_TRUE(wait_log("cannot take up the configuration: no room; another one is started"));
    EXPECT_TRUE(wait_until([&] { return name() == "two"; }));
    EXPECT_NE(worker_pid(), worker);
}

}  // namespace
}  // namespace bext::supervisor
