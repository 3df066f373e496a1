// A Supervisor in a process of its own, with a loader and a worker that play the real ones: the "configuration" is a
// file of words, and the worker answers every connection with one line.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "base/figures.h"
#include "handoff/bundle.h"
#include "supervisor/supervisor.h"

namespace bext::supervisor::testing_support {

inline std::string read_file(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Words of the configuration: name=X is the answer; listen=PATH, pid=PATH, env=NAME; daemon, user, bad, unready,
/// refuse, crash, slow; counts: answers are counted; hangs: instead of an answer; hangs_at_load, unable: a worker that
/// serves already does so at another configuration.
struct Words {
    explicit Words(const std::string& text) : in(text) {
        for (std::string word; in >> word;) all.push_back(word);
    }
    bool has(const std::string& word) const { return std::find(all.begin(), all.end(), word) != all.end(); }
    std::vector<std::string> values(const std::string& key) const {
        std::vector<std::string> found;
        for (const auto& word : all)
            if (word.starts_with(key + "=")) found.push_back(word.substr(key.size() + 1));
        return found;
    }
    std::istringstream in;
    std::vector<std::string> all;
};

inline sockaddr_un unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

inline Result<Fd> fake_load(const Options& options) {
    auto text = read_file(options.conf_path);
    Words words(text);
    if (words.has("bad")) return Error{"unknown directive \"bad\""};
    auto directory = std::filesystem::path(options.conf_path).parent_path().string();
    handoff::Plan plan;
    plan.daemon = words.has("daemon");
    plan.log_files = {directory + "/error.log"};
    plan.error_logs = {{directory + "/error.log", 6}};
    plan.pid_path = directory + "/pid";
    if (words.has("user")) plan.user = "nobody", plan.uid = plan.gid = 65534, plan.groups = {65533, 65534};
    for (const auto& path : words.values("pid")) plan.pid_path = path;
    plan.environment = words.values("env");
    plan.shutdown_timeout_ms = 5000;
    plan.directories = {directory + "/temp"};
    for (const auto& path : words.values("listen")) {
        auto address = unix_address(path);
        handoff::Listen listen;
        listen.address.assign(reinterpret_cast<const char*>(&address), sizeof address);
        listen.text = "unix:" + path;
        plan.listens.push_back(listen);
    }
    handoff::BundleWriter writer(plan);
    writer.file("words", text);
    return std::move(writer).seal();
}

/// The worker. A file "busy" beside the pid file is a request in flight.
class FakeWorker {
public:
    explicit FakeWorker(Fd channel) : channel_(std::move(channel)), figures_(figure_page().claim()) {}

    int run() {
        while (true) {
            std::vector<pollfd> ready{{channel_.fd(), POLLIN, 0}};
            for (const auto& handle : listens_) ready.push_back({handle.fd.get(), POLLIN, 0});
            poll(ready.data(), ready.size(), 5);
            handoff::Message message;
            auto got = channel_.receive(message);
            if (got == handoff::Channel::Got::kClosed) return 0;
            if (got == handoff::Channel::Got::kMessage) {
                if (message.kind == handoff::Kind::kTerminate) return 0;
                if (message.kind == handoff::Kind::kQuit) quitting_ = true, listens_.clear();
                if (message.kind == handoff::Kind::kReopen) reopen(message);
                if (message.kind == handoff::Kind::kSave) (void)channel_.send(handoff::Kind::kSaved, message.generation);
                if (message.kind == handoff::Kind::kLoad) load(std::move(message));
            }
            std::error_code hidden;
            if (quitting_ && !std::filesystem::exists(busy_, hidden)) return 0;
            for (const auto& handle : listens_) answer(handle.fd.get());
        }
    }

private:
    void load(handoff::Message message) {
        auto bundle = handoff::Bundle::open(std::move(message.handles.front().fd));
        Words words{std::string(bundle->file("words")->bytes)};
        if (words.has("crash")) abort();
        if (words.has("slow")) usleep(400'000);
        counts_ = words.has("counts");
        hangs_ = words.has("hangs");
        if (words.has("hangs_at_load") && name_ != "" && std::exchange(healthy_, false)) hang();
        if (words.has("unable") && name_ != "") {
            (void)channel_.send(handoff::Kind::kUnable, message.generation, "no room");
            return;
        }
        if (words.has("unready")) return;
        if (words.has("refuse")) {
            (void)channel_.send(handoff::Kind::kRefused, message.generation, "cannot serve this");
            return;
        }
        name_ = words.values("name").empty() ? "none" : words.values("name").front();
        busy_ = std::filesystem::path(bundle->plan().log_files.front()).parent_path() / "busy";
        listens_.clear();
        for (auto& handle : message.handles)
            if (handle.tag.role == handoff::Role::kListen) listens_.push_back(std::move(handle));
        (void)channel_.send(handoff::Kind::kServing, message.generation);
    }

    static void reopen(handoff::Message& message) {
        for (auto& handle : message.handles)
            if (handle.tag.role == handoff::Role::kLog) (void)!write(handle.fd.get(), "worker reopened\n", 16);
    }

    void answer(int listen) {
        Fd fd(accept4(listen, nullptr, nullptr, SOCK_CLOEXEC));
        if (!fd) return;
        if (hangs_) hang();
        if (counts_) figures_.add(Tally::kStatus2xx);
        const char* seen = getenv("SEEN");
        auto line = name_ + " " + std::to_string(getpid()) + " " + (seen ? seen : "-") + "\n";
        (void)!write(fd.get(), line.data(), line.size());
    }

    /// For ever on one turn of its loop.
    void hang() {
        figures_.pulse().request("www.example.org", "/stuck");
        figures_.pulse().turn(clock_ms());
        Blocking mark("open", "/mnt/stuck");
        for (auto parent = getppid(); getppid() == parent;) usleep(5000);  // not beyond the test
        _exit(0);
    }

    handoff::Channel channel_;
    Figures& figures_;
    bool counts_ = false, hangs_ = false, healthy_ = true;
    std::vector<handoff::Handle> listens_;
    std::string name_;
    std::filesystem::path busy_;
    bool quitting_ = false;
};

class SupervisorTest : public ::testing::Test {
protected:
    SupervisorTest() {
        directory_ = ::testing::TempDir() + "sup_XXXXXX";
        mkdtemp(directory_.data());
        options_.conf_path = at("conf");
        options_.comm = "";
    }
    ~SupervisorTest() override {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        if (HasFailure()) printf("%s", log().c_str());
        std::filesystem::remove_all(directory_);
    }

    std::string at(const std::string& name) const { return directory_ + "/" + name; }
    std::string log() const { return read_file(at("error.log")); }
    bool logged(const std::string& text) const { return log().find(text) != std::string::npos; }
    void configure(const std::string& words) const { std::ofstream(at("conf")) << words; }

    /// Starts the supervisor on `words`; the standard error goes to the file "stderr".
    void launch(const std::string& words) {
        configure(words);
        pid_ = fork();
        if (pid_ > 0) return;
        (void)!freopen(at("stderr").c_str(), "w", stderr);
        Roles roles;
        roles.load = fake_load;
        roles.worker_main = [](Fd channel) { return FakeWorker(std::move(channel)).run(); };
        roles.reached = [this](Milestone milestone, const std::string&) {
            std::ofstream(at("milestones"), std::ios::app) << static_cast<int>(milestone);
        };
        _exit(supervisor::run(options_, roles));
    }
    void launch_and_wait(const std::string& words) {
        launch(words);
        ASSERT_TRUE(wait_until([this] { return exists("milestones"); }));
    }

    bool exists(const std::string& name) const { return std::filesystem::exists(at(name)); }
    int service() const { return atoi(read_file(at("pid")).c_str()); }

    static bool wait_until(const std::function<bool()>& condition) {
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (std::chrono::steady_clock::now() < end) {
            if (condition()) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        return false;
    }
    bool wait_log(const std::string& text) const {
        return wait_until([&] { return logged(text); });
    }

    /// The exit status, or 1000 + the signal.
    int exit_status() {
        int status = 0;
        if (!wait_until([&] { return waitpid(pid_, &status, WNOHANG) == pid_; })) return -1;
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    }

    /// The worker's line, "refused" when nobody listens.
    std::string ask(const std::string& socket_name = "s") const {
        auto address = unix_address(at(socket_name));
        Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "refused";
        timeval limit{5, 0};
        setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        char line[100];
        auto size = recv(fd.get(), line, sizeof line, MSG_WAITALL);
        return size <= 0 ? "nothing" : std::string(line, static_cast<std::size_t>(size));
    }
    std::string name(const std::string& socket_name = "s") const {
        auto line = ask(socket_name);
        return line.substr(0, line.find(' '));
    }
    int worker_pid() const {
        auto line = ask();
        auto space = line.find(' ');
        return space == std::string::npos ? -1 : atoi(line.c_str() + space + 1);
    }
    static bool alive(int pid) { return kill(pid, 0) == 0; }
    std::string listen(const std::string& name) const { return "listen=" + at(name) + " "; }

    std::string directory_;
    Options options_;
    pid_t pid_ = -1;
};

}  // namespace bext::supervisor::testing_support
