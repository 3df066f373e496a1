#include "takeover/giver.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "handoff/channel.h"
#include "supervisor/peer.h"
#include "supervisor/sockets.h"
#include "supervisor/takeover_sockets.h"
#include "takeover/disk.h"
#include "takeover/places.h"

namespace bext::takeover {
namespace {

constexpr std::uint64_t kStop = 1;
constexpr int kGiverPidTime = 10'000, kPidWatch = 10;  // ms

void give(Fd to, const std::vector<int>& fds) {
    if (!supervisor::reason_against(to.get()).empty()) return;
    std::vector<handoff::Loan> loans;
    for (int fd : fds) loans.push_back({{handoff::Role::kListen, static_cast<std::uint32_t>(loans.size()), 0}, fd});
    static_cast<void>(handoff::Channel(std::move(to)).send(handoff::Kind::kYours, 0, {}, loans));
}

void serve(const Fd& listening, int stop, const std::vector<int>& fds) {
    pollfd ready[] = {{listening.get(), POLLIN, 0}, {stop, POLLIN, 0}};
    while (poll(ready, 2, -1) >= 0 || errno == EINTR) {
        if (ready[1].revents) return;
        if (!ready[0].revents) continue;
        Fd to(accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (to) give(std::move(to), fds);
    }
}

/// Becomes nginx, which takes the sockets that NGINX names, or opens its own when there are none.
[[noreturn]] void execute(std::vector<Fd> sockets, const std::vector<std::string>& words) {
    std::string list;
    for (auto& fd : sockets) {
        supervisor::acknowledge_at_once(fd.get(), true);
        fcntl(fd.get(), F_SETFD, 0);
        list += std::to_string(fd.release()) + ";";
    }
    if (!list.empty()) setenv("NGINX", list.c_str(), 1);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    auto text = Error::from_errno("execv() \"" + words.front() + "\"").text + "\n";
    static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
    _exit(127);
}

}  // namespace

Result<Giver> Giver::open(const std::string& path, const std::vector<Fd>& sockets) {
    Giver giver;
    giver.path_ = path;
    giver.stop_ = Fd(eventfd(0, EFD_CLOEXEC));
    Fd listening(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listening || !giver.stop_) return Error::from_errno("socket()");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    unlink(path.c_str());
    auto mask = umask(0177);
    int bound = bind(listening.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    umask(mask);
    if (bound != 0) return Error::from_errno("bind() to " + path);
    if (listen(listening.get(), 8) != 0) return Error::from_errno("listen() on " + path);
    std::vector<int> fds;
    for (auto& socket : sockets) fds.push_back(socket.get());
    giver.thread_ = std::thread([socket = std::move(listening), stop = giver.stop_.get(), fds] { serve(socket, stop, fds); });
    return giver;
}

Giver::~Giver() {
    if (!thread_.joinable()) return;
    static_cast<void>(!write(stop_.get(), &kStop, sizeof kStop));
    thread_.join();
    unlink(path_.c_str());
}

Result<> serve_on(const std::string& path, const std::string& pid_file, const std::vector<std::string>& words) {
    auto sockets = supervisor::sockets_from_giver(path);
    bool nobody = !sockets && (sockets.error().system == ENOENT || sockets.error().system == ECONNREFUSED);
    if (nobody && !exists(kActiveBit)) execute({}, words);
    if (!sockets) return sockets.error();
    auto pid = fork();
    if (pid < 0) return Error::from_errno("fork()");
    if (pid == 0) execute(*std::move(sockets), words);
    sockets->clear();
    for (int waited = 0; waited < kGiverPidTime; waited += kPidWatch, usleep(kPidWatch * 1000)) {
        int status = 0;
        if (waitpid(pid, &status, WNOHANG) == pid) return Error{"\"" + words.front() + "\" ended at once"};
        if (parse_decimal(trim(read_small(pid_file), " \n"), INT32_MAX) == static_cast<std::uint64_t>(pid)) return {};
    }
    kill(pid, SIGKILL);
    return Error{"\"" + words.front() + "\" does not write \"" + pid_file + "\""};
}

}  // namespace bext::takeover
