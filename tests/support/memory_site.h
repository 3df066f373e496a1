// MemorySite: a configuration held in memory and requests served from it without a socket, for unit tests and fuzz targets.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "http/connection.h"
#include "http/phases.h"
#include "http/request.h"
#include "http/site.h"
#include "http/thread.h"
#include "loader/configuration.h"

namespace bext::tests {

/// Files by their names; there are no others.
class MemoryFiles final : public conf::Files {
public:
    explicit MemoryFiles(std::map<std::string, std::string> texts) : texts_(std::move(texts)) {}
    Result<std::string_view> read(const std::string& path) override {
        auto at = texts_.find(path);
        if (at == texts_.end()) return conf::as_read(path, {}, ENOENT);
        return std::string_view(at->second);
    }
    /// What begins with the pattern's part before its first star.
    Result<std::vector<std::string>> glob(const std::string& pattern) override {
        std::vector<std::string> found;
        for (auto& [path, text] : texts_)
            if (path.starts_with(pattern.substr(0, pattern.find('*')))) found.push_back(path);
        return found;
    }

private:
    std::map<std::string, std::string> texts_;
};

/// Only "localhost" has an address.
class MemoryNames final : public net::Names {
    std::vector<net::Address> look_up(const std::string& name) override {
        if (name != "localhost") return {};
        return {*net::Address::literal("127.0.0.1", 0)};
    }
};

inline Result<loader::Configuration> read_configuration(MemoryFiles& files, std::string* warnings = nullptr) {
    loader::Source source;
    source.conf_file = "/t/nginx.conf";
    source.prefix = "/t/";
    MemoryNames names;
    return loader::read_configuration(source, files, names, [&](const std::string& line) {
        if (warnings) *warnings += line + "\n";
    });
}

inline Result<loader::Configuration> read_configuration(const std::string& text, std::string* warnings = nullptr) {
    MemoryFiles files({{"/t/nginx.conf", text}});
    return read_configuration(files, warnings);
}

/// What a request came to. An unfinished one waits for something that a test does not have.
struct Answer {
    bool finished = false;
    int status = 0;
    std::string location, body, uri, args;
    bool operator==(const Answer&) const = default;
};

/// Neither end of a connection: takes the answer's bytes.
class MemoryConnection final : public http::Connection, public http::Sink {
public:
    explicit MemoryConnection(const http::Listen& listen) : Connection(listen, Fd(), net::Address()) {}
    bool delimits() const override { return false; }
    void header(http::Request&) override {}
    bool body(http::Request&, const http::Chain& chain, bool, bool) override {
        for (auto& piece : chain)
            if (piece.in_memory()) text.append(piece.data, piece.size);
        return true;
    }
    bool backlog() const override { return false; }
    Task<bool> drain(http::Request&) override { co_return true; }

    std::string text;
};

class MemorySite {
public:
    /// `thread`: the only one of this thread of execution; it serves this site from now on.
    MemorySite(http::Thread& thread, std::shared_ptr<const http::Site> site) : site_(std::move(site)) {
        if (thread.site) thread.site->release();
        thread.site = http::SiteUse::make(site_);
        connection_ = std::make_unique<MemoryConnection>(*site_->listens.front());
    }

    ~MemorySite() {
        connection_.reset();
        net::Loop::current().turn(false);  // frees its socket
    }

    /// A GET request, made ready as its head would do it. `inspect` sees it before it is served.
    template <class Inspect>
    Answer get(std::string_view uri, std::string_view args, std::string_view host, const Inspect& inspect) const {
        auto& connection = *connection_;
        connection.text.clear();
        http::Request request(connection, connection);
        request.method = http::Method::kGet;
        request.method_name = "GET";
        request.line = "GET / HTTP/1.1";
        request.protocol = "HTTP/1.1";
        request.target = uri;
        request.args = args;
        request.set_uri(uri);
        request.host = host;
        auto found = connection.listen->hosts.find(host);
        request.server = found.server;
        request.enter(found.server->root);
        if (found.regex) request.match(*found.regex, host);
        inspect(request);
        auto task = http::serve(request);
        task.start();
        Answer answer;
        answer.finished = task.done();
        answer.status = request.out.status;
        if (auto* location = request.out.headers.find(http::Name::kLocation)) answer.location = location->value;
        answer.body = connection.text;
        answer.uri = request.uri;
        answer.args = request.args;
        return answer;
    }
    Answer get(std::string_view uri, std::string_view host = "h") const {
        return get(uri, {}, host, [](http::Request&) {});
    }

private:
    std::shared_ptr<const http::Site> site_;
    std::unique_ptr<MemoryConnection> connection_;
};

}  // namespace bext::tests
