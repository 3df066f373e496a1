#include "sysd/notify_for.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/fd.h"

namespace bext::sysd {

Result<> notify_for(pid_t pid, const std::string& state) {
    Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return Error::from_errno("socket()");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, "/run/systemd/notify");
    iovec text{const_cast<char*>(state.data()), state.size()};
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof(ucred))] = {};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = sizeof address;
    message.msg_iov = &text;
    message.msg_iovlen = 1;
    message.msg_control = space;
    message.msg_controllen = sizeof space;
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof(ucred));
    ucred who{pid, getuid(), getgid()};
    std::memcpy(CMSG_DATA(header), &who, sizeof who);
    if (sendmsg(fd.get(), &message, MSG_NOSIGNAL) < 0)
        return Error::from_errno("telling systemd \"" + state + "\" in the name of process " + std::to_string(pid));
    return {};
}

}  // namespace bext::sysd
