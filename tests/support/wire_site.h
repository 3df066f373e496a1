// WireSite: a configuration served in this process, with sockets at both ends of it, for tests that count the turns of the loop.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "http1/connection.h"
#include "support/memory_site.h"

namespace bext::tests {

/// A listening unix socket in a folder of its own.
class UnixPeer {
public:
    UnixPeer() {
        char folder[] = "/tmp/bext-peer-XXXXXX";
        folder_ = ::mkdtemp(folder);
        path_ = folder_ + "/s";
        listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_.get(), 8) != 0) ::abort();
    }
    UnixPeer(const UnixPeer&) = delete;
    ~UnixPeer() {
        ::unlink(path_.c_str());
        ::rmdir(folder_.c_str());
    }
    const std::string& path() const { return path_; }
    /// The next connection; nothing when there is none yet.
    Fd accept() { return Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)); }

private:
    std::string folder_, path_;
    Fd listener_;
};

class WireSite {
public:
    explicit WireSite(const std::string& text) { use(text); }
    ~WireSite() {
        for (int i = 0; i < 8; ++i) thread.loop.turn(false);  // connections whose clients have gone end
        thread.site->release();
        thread.site = nullptr;
    }
    /// Another configuration, as a reload has it.
    void replace(const std::string& text) {
        thread.site->release();
        use(text);
        thread.idle.each([](http::LiveConnection& connection) { connection.follow(); });
    }
    /// A new client's end of a connection, non-blocking.
    Fd connect() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) ::abort();
        sockaddr_in from{};
        from.sin_family = AF_INET;
        http1::ClientConnection::serve(thread, *site_->listens.front(), Fd(ends[0]),
                                       net::Address(reinterpret_cast<const sockaddr*>(&from), sizeof from));
        return Fd(ends[1]);
    }
    void turn() {
        thread.loop.turn(false);
        ++turns;
    }

    http::Thread thread;
    std::uint64_t turns = 0;

private:
    void use(const std::string& text) {
        MemoryFiles files({{"/t/nginx.conf", text}});
        auto read = read_configuration(files);
        if (!read) {
            fprintf(stderr, "%s\n", read.error().text.c_str());
            ::abort();
        }
        site_ = read->site;
        thread.site = http::SiteUse::make(site_);
    }

    std::shared_ptr<const http::Site> site_;
};

/// What there is to read, appended to `text`. False once the end has come.
inline bool read_all(int fd, std::string& text) {
    static std::array<char, 65536> bytes;
    for (;;) {
        auto n = ::recv(fd, bytes.data(), bytes.size(), 0);
        if (n < 0) return errno == EAGAIN || errno == EINTR;
        if (n == 0) return false;
        text.append(bytes.data(), static_cast<std::size_t>(n));
    }
}

/// As much of `text` as fits now.
inline std::size_t write_some(int fd, std::string_view text) {
    auto n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
}

}  // namespace bext::tests
