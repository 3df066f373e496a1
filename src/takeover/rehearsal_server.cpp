#include "takeover/rehearsal_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/files.h"
#include "loader/bundle_files.h"

namespace bext::takeover {
namespace {

constexpr int kRehearsalStartTime = 10'000;             // ms
constexpr int kChannelFd = 3, kBundleFd = 4;   // where `bext-server rehearse` looks for them

/// In the child: nothing but calls that are safe after fork() in a process with threads.
[[noreturn]] void become(char* const* words, int channel, int bundle, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    setpgid(0, 0);  // Ctrl-C is the command's, which ends this one itself
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    int null = open("/dev/null", O_RDWR);
    for (int standard : {0, 1, 2}) dup2(null, standard);
    // Moved out of the way first: either may have the other's number.
    channel = fcntl(channel, F_DUPFD, 10);
    bundle = fcntl(bundle, F_DUPFD, 10);
    dup2(channel, kChannelFd);
    dup2(bundle, kBundleFd);
    close_range(kBundleFd + 1, ~0U, 0);
    execv(words[0], words);
    _exit(127);
}

std::vector<net::Address> addresses_of(const http::Site& site) {
    std::vector<net::Address> all;
    for (auto& listen : site.listens)
        if (listen->address.family() != AF_UNIX) all.push_back(listen->address);
    return all;
}

}  // namespace

Result<RehearsalServer> RehearsalServer::start(const std::string& program, const loader::Source& source, const std::string& identity) {
    conf::DiskFiles files;
    net::SystemNames names;
    auto configuration = loader::read_configuration(source, files, names, [](std::string) {});
    if (!configuration) return configuration.error();
    auto bundle = loader::seal(configuration->plan, files, names);
    if (!bundle) return bundle.error();
    auto network = PrivateNetwork::create(addresses_of(*configuration->site));
    if (!network) return network.error();
    RehearsalServer server(*std::move(network));
    if (auto done = server.launch(program, source, identity, *bundle); !done) return done.error();
    if (auto done = server.lend(configuration->plan, *bundle); !done) return done.error();
    if (auto done = server.await_serving(); !done) return done.error();
    return server;
}

RehearsalServer::RehearsalServer(RehearsalServer&& other) noexcept
    : network_(std::move(other.network_)), sockets_(std::move(other.sockets_)), channel_(std::move(other.channel_)), pid_(std::exchange(other.pid_, -1)) {}

RehearsalServer::~RehearsalServer() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

Result<> RehearsalServer::launch(const std::string& program, const loader::Source& source, const std::string& identity, const Fd& bundle) {
    auto ends = handoff::Channel::pair();
    if (!ends) return ends.error();
    std::vector<std::string> words{program, "rehearse", "--nginx-config", loader::conf_file_of(source), "--identity", identity};
    std::vector<char*> raw;
    for (auto& word : words) raw.push_back(word.data());
    raw.push_back(nullptr);
    auto parent = getpid();
    pid_ = fork();
    if (pid_ < 0) return Error::from_errno("fork()");
    if (pid_ == 0) become(raw.data(), ends->second.fd(), bundle.get(), parent);
    channel_ = std::move(ends->first);
    return {};
}

// The sockets are at the addresses of the configuration, but of the private network; those of the file system are nginx's
// and left out. The log files are not the site's.
Result<> RehearsalServer::lend(const handoff::Plan& plan, const Fd& bundle) {
    std::vector<handoff::Listen> listens;
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < plan.listens.size(); ++i) {
        if (plan.listens[i].text.starts_with("unix:")) continue;
        listens.push_back(plan.listens[i]);
        numbers.push_back(i);
    }
    auto opened = network_.inside([&]() -> Result<> {
        auto sockets = supervisor::Sockets::open(listens, {});
        if (!sockets) return sockets.error();
        sockets_ = *std::move(sockets);
        return {};
    });
    if (!opened) return opened;
    std::vector<handoff::Loan> loans{{{handoff::Role::kBundle, 0, 0}, bundle.get()}};
    for (auto loan : sockets_.loans()) {
        loan.tag.index = numbers[loan.tag.index];
        loans.push_back(loan);
    }
    Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    for (std::uint32_t i = 0; i < plan.log_files.size(); ++i) loans.push_back({{handoff::Role::kLog, i, 0}, null.get()});
    return channel_.send(handoff::Kind::kLoad, 1, {}, loans);
}

Result<> RehearsalServer::await_serving() {
    pollfd ready{channel_.fd(), POLLIN, 0};
    handoff::Message message;
    while (poll(&ready, 1, kRehearsalStartTime) > 0) {
        auto got = channel_.receive(message);
        if (got == handoff::Channel::Got::kNothing) continue;
        if (got == handoff::Channel::Got::kClosed) return Error{"bext-server ended while it began to serve"};
        if (message.kind == handoff::Kind::kServing) return {};
        if (message.kind == handoff::Kind::kRefused) return Error{message.text};
    }
    return Error{"bext-server did not begin to serve in time"};
}

}  // namespace bext::takeover
