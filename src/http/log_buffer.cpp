#include "http/log_buffer.h"

#include <unistd.h>
#include <zlib.h>

#include <atomic>

#include "base/pulse.h"

#include "http/thread.h"

namespace bext::http {
namespace {

/// Appends `bytes` as one gzip member. False when zlib refuses.
bool compress(std::string_view bytes, int level, std::string& out) {
    z_stream stream{};
    int bits = MAX_WBITS, memory = MAX_MEM_LEVEL - 1;
    while (bits > 9 && static_cast<long>(bytes.size()) < (1L << (bits - 1)) - 262) --bits, --memory;
    if (memory < 1) memory = 1;
    if (deflateInit2(&stream, level, Z_DEFLATED, bits + 16, memory, Z_DEFAULT_STRATEGY) != Z_OK) return false;
    out.resize(deflateBound(&stream, bytes.size()));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    bool good = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return good;
}

/// errno, or 0.
int write_out(const LogFile& file, std::string_view bytes, int gzip) {
    std::string packed;
    if (gzip) {
        if (!compress(bytes, gzip, packed)) return 0;
        bytes = packed;
    }
    Blocking mark("write", file.path());
    if (::write(file.fd(), bytes.data(), bytes.size()) >= 0) return 0;
    int error = errno;
    process_log().write(Level::kAlert, cat({"write() to \"", file.path(), "\" failed", errno_text(error)}));
    return error;
}

std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

}  // namespace

struct LogBuffer::Block {
    Block(std::shared_ptr<LogFile> to, LogBufferOptions how) : file(std::move(to)), options(how) { bytes.reserve(how.size); }
    std::mutex mutex;
    std::string bytes;
    const std::shared_ptr<LogFile> file;
    const LogBufferOptions options;
    bool orphaned = false;  // its LogBuffer is gone

    int flush() {  // with `mutex` held
        if (bytes.empty()) return 0;
        int error = write_out(*file, bytes, options.gzip);
        bytes.clear();
        return error;
    }
};

/// A thread's own block, and the timer that empties it.
struct LogBuffer::Here {
    struct Due : net::Timer {
        explicit Due(Here* h) : Timer([](Timer& t) { static_cast<Due&>(t).here->flush(); }), here(h) {}
        Here* here;
    };
    explicit Here(std::shared_ptr<Block> own) : block(std::move(own)), due(this) {}
    void flush() {
        std::lock_guard lock(block->mutex);
        block->flush();
    }
    std::shared_ptr<Block> block;
    Due due;
};

struct LogBuffer::HereAll {
    std::unordered_map<std::uint64_t, std::unique_ptr<Here>> by_id;
};

LogBuffer::LogBuffer(std::shared_ptr<LogFile> file, LogBufferOptions options)
    : file_(std::move(file)), options_(options), id_(next_id()) {}

LogBuffer::~LogBuffer() {
    for (auto& block : blocks_) {
        std::lock_guard lock(block->mutex);
        block->flush();
        block->orphaned = true;
    }
}

void LogBuffer::flush_all() {
    std::lock_guard all(mutex_);
    for (auto& block : blocks_) {
        std::lock_guard lock(block->mutex);
        block->flush();
    }
}

LogBuffer::Here& LogBuffer::here() {
    static const char kKey = 0;
    auto& slot = Thread::current().local[&kKey];
    if (!slot) slot = std::make_shared<HereAll>();
    auto& all = static_cast<HereAll*>(slot.get())->by_id;
    auto found = all.find(id_);
    if (found != all.end()) return *found->second;
    std::erase_if(all, [](auto& entry) {
        std::lock_guard lock(entry.second->block->mutex);
        return entry.second->block->orphaned;
    });
    auto block = std::make_shared<Block>(file_, options_);
    {
        std::lock_guard lock(mutex_);
        blocks_.push_back(block);
    }
    return *(all[id_] = std::make_unique<Here>(std::move(block)));
}

int LogBuffer::add(std::string_view line) {
    auto& own = here();
    std::lock_guard lock(own.block->mutex);
    auto& bytes = own.block->bytes;
    int error = 0;
    if (line.size() > options_.size - bytes.size()) error = own.block->flush();
    if (line.size() > options_.size) {
        own.due.disarm();
        return write_out(*file_, line, options_.gzip);
    }
    if (bytes.empty() && options_.flush_ms) own.due.arm(options_.flush_ms);
    bytes.append(line);
    return error;
}

}  // namespace bext::http
