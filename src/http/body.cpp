#include "http/body.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/pulse.h"
#include "base/text.h"
#include "http/core_conf.h"
#include "http/request.h"

namespace bext::http {
namespace {

/// nginx's name of a temporary file.
std::string numbered(const std::string& directory, unsigned number) {
    char text[16];
    snprintf(text, sizeof text, "/%010u", number);
    return directory + text;
}

/// A file of its own name, for client_body_in_file_only.
Result<Fd> open_named_file(const std::string& directory, std::string& name) {
    static std::atomic<unsigned> next{static_cast<unsigned>(::getpid()) << 8};
    for (int tries = 0; tries < 1000; ++tries) {
        name = numbered(directory, ++next);
        Fd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (fd) return fd;
        if (errno != EEXIST) break;
    }
    return Error::from_errno("open() \"" + name + "\"");
}

void remove_file(void* name) { ::unlink(static_cast<const char*>(name)); }

/// Collects a body: memory until the buffer is full, then the file.
class Collector {
public:
    explicit Collector(Request& r) : r_(r), conf_(r.conf<Client>()) {}

    /// Room for the next bytes; empty when it cannot be made (logged).
    std::span<char> room() {
        if (!buffer_) make_buffer();
        if (used_ == size_ && !spill()) return {};
        return {buffer_ + used_, size_ - used_};
    }
    void took(std::size_t n) {
        used_ += n;
        r_.body.size += n;
    }
    bool finish() {
        auto& body = r_.body;
        bool file_only = *conf_.body_in_file_only != Client::InFile::kOff;
        if (file_only && (body.size || r_.chunked_body) && !spill()) return false;
        if (body.file) {
            if (used_ && !spill()) return false;
            body.chain.push(Piece::file(body.file.get(), 0, body.size));
        } else if (used_) {
            body.chain.push(Piece::memory({buffer_, used_}));
        }
        body.read = true;
        body.source = nullptr;
        if (r_.chunked_body) r_.content_length = static_cast<std::int64_t>(body.size);  // known now ($content_length)
        return true;
    }

private:
    void make_buffer() {
        size_ = std::max<std::size_t>(16, r_.body.source->buffer_size(r_.content_length, conf_.body_buffer_size->value));
        buffer_ = r_.arena.bytes(size_);
    }
    bool open() {
        auto& path = *conf_.body_temp_path;
        if (*conf_.body_in_file_only == Client::InFile::kOff) {
            auto fd = open_temp_file(path, name_);
            if (!fd) return r_.log(Level::kCrit, fd.error().text), false;
            r_.body.file = std::move(*fd);
            return true;
        }
        auto fd = open_named_file(path, name_);
        if (!fd) return r_.log(Level::kCrit, fd.error().text), false;
        r_.body.file = std::move(*fd);
        r_.body.file_name = r_.arena.cat({name_, {"\0", 1}});
        r_.body.file_name.remove_suffix(1);
        if (*conf_.body_in_file_only == Client::InFile::kClean)
            r_.arena.on_clear(remove_file, const_cast<char*>(r_.body.file_name.data()));
        return true;
    }
    bool spill() {
        if (!r_.body.file) {
            if (!open()) return false;
            r_.log(Level::kWarn, cat({"a client request body is buffered to a temporary file ", name_}));
        }
        auto done = write_temp_file(r_.body.file.get(), {buffer_, used_}, r_.body.size - used_, name_);
        if (!done) return r_.log(Level::kCrit, done.error().text), false;
        used_ = 0;
        return true;
    }

    Request& r_;
    const Client& conf_;
    char* buffer_ = nullptr;
    std::size_t size_ = 0, used_ = 0;
    std::string name_;  // of the file
};

}  // namespace

Result<Fd> open_temp_file(const std::string& directory, std::string& name) {
    static std::atomic<unsigned> next{0};
    name = numbered(directory, ++next);
    Blocking mark("open", name);
    Fd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (fd) return fd;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return Error::from_errno("open() \"" + name + "\"");
    auto made = directory + "/XXXXXX";
    fd = Fd(::mkostemp(made.data(), O_CLOEXEC));
    if (!fd) return Error::from_errno("open() \"" + made + "\"");
    ::unlink(made.c_str());
    return fd;
}

Result<> write_temp_file(int fd, std::string_view bytes, std::uint64_t offset, const std::string& name) {
    Blocking mark("pwrite", name);
    while (!bytes.empty()) {
        ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return Error::from_errno("pwrite() \"" + name + "\"", n < 0 ? errno : ENOSPC);
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
    return {};
}

void abandon_body(Request& request) {
    auto& r = request.main;
    r.discarding = true;
    r.body.source = nullptr;
    r.body.chain.clear();
    r.body.size = 0;
    r.body.read = true;
    r.content_length = 0;
}

Task<int> read_body(Request& request) {
    auto& r = request.main;
    if (r.body.read || r.body.unbuffered) co_return 0;
    if (!r.body.source) {
        r.body.read = true;
        co_return 0;
    }
    Collector collector(r);
    for (;;) {
        auto room = collector.room();
        if (room.empty()) co_return status::kInternal;
        auto got = co_await r.body.source->read(room);
        if (got.status) abandon_body(r);
        if (got.status) co_return got.status;
        if (got.size == 0) break;
        collector.took(got.size);
    }
    co_return collector.finish() ? 0 : status::kInternal;
}

}  // namespace bext::http
