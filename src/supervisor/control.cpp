#include "supervisor/control.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>

#include "supervisor/control_place.h"
#include "supervisor/peer.h"
#include "supervisor/report.h"

namespace bext::supervisor {
namespace {

constexpr int kQueue = 64;

}  // namespace

void Asker::answer(char verdict, std::string_view text) {
    auto packet = verdict + std::string(text.substr(0, kLongestAnswer - 1));
    static_cast<void>(send(fd_.get(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    fd_.reset();
}

Result<Control> Control::listen() {
    Error reason;
    for (auto& directory : control_directories()) {
        auto control = listen_in(directory);
        if (control) return control;
        reason = control.error();
    }
    return reason;
}

Result<Control> Control::listen_in(const std::string& directory) {
    if (auto ready = prepare_control_directory(directory); !ready) return ready.error();
    sweep_control_directory(directory);
    Control control;
    control.path_ = directory + "/" + control_name(getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (control.path_.size() >= sizeof address.sun_path) return Error{"\"" + control.path_ + "\" is too long for a socket"};
    control.path_.copy(address.sun_path, sizeof address.sun_path - 1);
    control.fd_ = Fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!control.fd_) return Error::from_errno("socket()");
    unlink(control.path_.c_str());  // of a dead process that had the same number
    auto mask = umask(0177);
    int bound = bind(control.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    umask(mask);
    if (bound != 0) return Error::from_errno("bind() to \"" + control.path_ + "\"");
    if (::listen(control.fd(), kQueue) == 0) return control;
    auto error = Error::from_errno("listen() on \"" + control.path_ + "\"");
    control.close();
    return error;
}

void Control::close() {
    if (!fd_) return;
    fd_.reset();
    unlink(path_.c_str());
}

std::optional<Asker> Control::accept() {
    Fd fd(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) return std::nullopt;
    auto reason = reason_against(fd.get());
    if (reason.empty()) return Asker(std::move(fd));
    report(Level::kWarn, "a command was refused: " + reason);
    Asker(std::move(fd)).fail(reason);
    return std::nullopt;
}

std::optional<std::string> Control::read(const Asker& asker) {
    std::array<char, 4096> bytes;
    auto size = recv(asker.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    return size > 0 ? std::string(bytes.data(), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace bext::supervisor
