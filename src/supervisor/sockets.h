// Sockets: the listening sockets of a configuration. A reload keeps those whose address stays, and none of them ever
// closes before its successor is in use.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "handoff/plan.h"
#include "handoff/channel.h"

namespace bext::supervisor {

class Sockets {
public:
    Sockets() = default;

    /// Opens what `listens` asks for, sharing every socket of `current` that has the same address and type; all of
    /// several sockets on one address are kept, since closing one would lose the connections that wait in it. Busy
    /// addresses are tried five times, 500 ms apart, as nginx does; `busy` gets what was said of them. On an error nothing has changed.
    static Result<Sockets> open(const std::vector<handoff::Listen>& listens, const Sockets& current, std::string* busy = nullptr);

    /// Takes descriptors that were inherited; what is not a listening socket is reported and closed.
    static Sockets adopt(std::vector<Fd> fds);

    std::vector<handoff::Loan> loans() const;
    std::size_t size() const;
    /// All descriptors, for a successor process.
    std::vector<int> fds() const;

    /// The same by name: the address's text, without what the service manager does not take in a name.
    std::map<std::string, std::vector<int>> named() const;

    /// Whether retire() may remove the files of unix sockets: not while they are another server's, too.
    void own_files(bool own);

    /// See the function below: on while another server has them.
    void acknowledge_at_once(bool yes) const;

    /// Closes what `next` does not share, and removes the files of such unix sockets.
    void retire(const Sockets& next);

private:
    struct Socket {
        Fd fd;
        std::string address;
        std::string text;
        int type = 0;
        bool deferred = false;
        bool owns_file = true;
    };
    struct Group {
        handoff::Listen listen;
        std::vector<std::shared_ptr<Socket>> sockets;
    };
    enum class Bound { kYes, kBusy };

    void share(const handoff::Listen& listen, const Sockets& current);
    Result<Bound> bind_missing();
    Result<Bound> bind_one(Group& group);
    static void configure(const handoff::Listen& listen, Socket& socket);
    bool holds(const Socket& socket) const;

    std::vector<Group> groups_;
    std::string busy_;  // which addresses were taken at the last try
};

/// What opening the sockets would meet, for -t: each is bound for a moment, unless its address is in use.
Result<> try_listens(const std::vector<handoff::Listen>& listens);

/// Whether the kernel acknowledges the first bytes of every connection to a listening socket at once, as it does unless told, or
/// lets bext's answer do it (docs/adr/0012-acknowledgments.md).
void acknowledge_at_once(int fd, bool yes);

/// The sockets named by the environment: nginx's NGINX="5;6;" or BEXT_UPGRADE_FDS="5,6". Both variables are removed.
/// `found` tells whether either was set: then the process was started by another server and must not daemonise.
std::vector<Fd> sockets_from_environment(bool& found);

}  // namespace bext::supervisor
