// gzip: compresses responses on the way out (RFC 1952).
// https://nginx.org/en/docs/http/ngx_http_gzip_module.html
#include <unistd.h>

#include <algorithm>

#include "http/builder.h"
#include "http/gzip_ok.h"
#include "http/gzip_stream.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

struct Conf {
    conf::Setting<bool> on{false};
    conf::Setting<MediaTypes> types;
    conf::Setting<std::int64_t> level{1};
    conf::Setting<int> window_bits{15}, memory_level{8};
    conf::Setting<conf::Bytes> min_length{conf::Bytes{20}};
    conf::Setting<conf::Buffers> buffers{conf::Buffers{32, 4096}};
    conf::Setting<bool> no_buffer{false};
    conf::Setting<conf::Bytes> postpone;

    Status finish(const Conf&, Cursor& at) { return types->check(at); }
};

/// Bytes before and after, for $gzip_ratio.
struct Sizes {
    std::uint64_t in = 0, out = 0;
};

class Compressor : public BodyFilter {
public:
    Compressor(Request& r, GzipStream::Settings settings, std::size_t buffer, Sizes& sizes)
        : settings_(settings), buffer_size_(std::max<std::size_t>(buffer, 256)), sizes_(sizes), buffers_(r.arena) {}
    ~Compressor() override {
        if (stream_) GzipStream::give_back(stream_);
    }

    bool pass(Request& r, Chain& chain, bool last, bool flush) override {
        if (done_) return chain.clear(), true;
        if (!stream_ && !(stream_ = GzipStream::take(settings_))) {
            r.log(Level::kAlert, "deflateInit2() failed");
            return false;
        }
        if (!r.sink->backlog()) reuse_buffers();  // what was made before is sent
        Chain out(r.arena);
        for (auto& piece : chain) {
            bool good = piece.in_memory() ? deflate_bytes(r, {piece.data, piece.size}, Z_NO_FLUSH, out) : deflate_file(r, piece, out);
            if (!good) return false;
        }
        if (last || flush) {
            if (!deflate_bytes(r, {}, last ? Z_FINISH : Z_SYNC_FLUSH, out)) return false;
        }
        if (last || flush || *r.conf<Conf>().no_buffer) take_output(out);
        if (last) finish();
        chain = out;
        return true;
    }

private:
    void finish() {
        sizes_ = {stream_->z.total_in, stream_->z.total_out};
        GzipStream::give_back(std::exchange(stream_, nullptr));
        done_ = true;
    }
    /// All buffers but the current one, which may hold output that was not taken yet, are free.
    void reuse_buffers() {
        if (free_ == 0) return;
        std::swap(buffers_[0], buffers_[free_ - 1]);
        free_ = 1;
    }
    /// Moves what stands in the current buffer to `out`.
    void take_output(Chain& out) {
        auto& z = stream_->z;
        if (!begin_) return;
        auto* end = reinterpret_cast<char*>(z.next_out);
        if (end > begin_) out.push(Piece::memory({begin_, static_cast<std::size_t>(end - begin_)}));
        begin_ = end;
    }
    void next_buffer(Request& r) {
        if (free_ == buffers_.size()) buffers_.push(r.arena.bytes(buffer_size_));
        begin_ = buffers_[free_++];
        stream_->z.next_out = reinterpret_cast<Bytef*>(begin_);
        stream_->z.avail_out = static_cast<uInt>(buffer_size_);
    }
    bool deflate_bytes(Request& r, std::string_view text, int flush, Chain& out) {
        auto& z = stream_->z;
        do {
            auto part = std::min<std::size_t>(text.size(), 1 << 30);
            z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
            z.avail_in = static_cast<uInt>(part);
            text.remove_prefix(part);
            for (;;) {
                if (!begin_ || z.avail_out == 0) {
                    take_output(out);
                    next_buffer(r);
                }
                int rc = deflate(&z, flush);
                if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
                    r.log(Level::kAlert, r.arena.cat({"deflate() failed: ", std::to_string(flush), ", ", std::to_string(rc)}));
                    return false;
                }
                if (rc == Z_STREAM_END || z.avail_out != 0) break;
            }
        } while (!text.empty());
        return true;
    }
    bool deflate_file(Request& r, const Piece& piece, Chain& out) {
        static thread_local std::unique_ptr<char[]> buffer(new char[kRead]);
        auto left = piece.size;
        for (auto at = piece.offset; left > 0;) {
            auto n = ::pread(piece.fd, buffer.get(), std::min<std::uint64_t>(left, kRead), at);
            if (n <= 0) {
                r.log(Level::kAlert, n < 0 ? "pread() failed" : "pread() read only 0 bytes: the file was truncated", n < 0 ? errno : 0);
                return false;
            }
            if (!deflate_bytes(r, {buffer.get(), static_cast<std::size_t>(n)}, Z_NO_FLUSH, out)) return false;
            left -= static_cast<std::uint64_t>(n);
            at += n;
        }
        return true;
    }

    static constexpr std::size_t kRead = 65536;
    GzipStream::Settings settings_;
    std::size_t buffer_size_;
    Sizes& sizes_;
    GzipStream* stream_ = nullptr;
    List<char*> buffers_;
    std::size_t free_ = 0;   // buffers from here on may be written
    char* begin_ = nullptr;  // of what was not taken yet in the current buffer
    bool done_ = false;
};

bool compressible(Request& r, const Conf& conf) {
    auto& out = r.out;
    if (!*conf.on || (out.status != status::kOk && out.status != status::kForbidden && out.status != status::kNotFound)) return false;
    if (out.header_only || !out.headers.value(Name::kContentEncoding).empty()) return false;
    if (out.content_length != -1 && out.content_length < static_cast<std::int64_t>(conf.min_length->value)) return false;
    return conf.types->contains(out.content_type);
}

std::optional<int> compress(Request& r) {
    auto& conf = r.conf<Conf>();
    if (!compressible(r, conf)) return std::nullopt;
    if (*r.conf<GzipClient>().vary) r.out.vary_by_encoding = true;
    if (!gzip_ok(r)) return std::nullopt;
    GzipStream::Settings settings{static_cast<int>(*conf.level), *conf.window_bits, *conf.memory_level};
    if (r.out.content_length > 0)  // a small body needs no large window; zlib's is 262 bytes smaller than it says
        while (settings.window_bits > 9 && r.out.content_length < (1 << (settings.window_bits - 1)) - 262) {
            --settings.window_bits;
            settings.memory_level = std::max(settings.memory_level - 1, 1);
        }
    auto* sizes = r.context<Sizes>() = r.arena.make<Sizes>();
    r.add_whole_filter(r.arena.make<Compressor>(r, settings, conf.buffers->size, *sizes));
    r.in_slices = true;
    r.out.headers.add("Content-Encoding", "gzip", Name::kContentEncoding);
    r.out.clear_content_length();
    r.out.clear_accept_ranges();
    r.out.weaken_etag(r.arena);
    return std::nullopt;
}

std::optional<std::string_view> ratio(Request& r, std::string_view) {
    auto* sizes = r.context<Sizes>();
    if (!sizes || sizes->out == 0) return std::nullopt;
    auto hundredths = sizes->in * 100 / sizes->out;
    if (sizes->in * 1000 / sizes->out % 10 > 4) ++hundredths;
    char text[40];
    auto n = snprintf(text, sizeof text, "%llu.%02llu", static_cast<unsigned long long>(hundredths / 100),
                      static_cast<unsigned long long>(hundredths % 100));
    return r.arena.copy({text, static_cast<std::size_t>(n)});
}

constexpr Variable kVariables[] = {{"gzip_ratio", ratio, false}};

Status types(Cursor& at, Conf& conf) { return MediaTypes::read(at, conf.types); }

Status level(Cursor& at, Conf& conf) {
    if (conf.level.is_set()) return conf::directive_is("is duplicate");
    std::int64_t value;
    if (auto bad = conf::Parse<std::int64_t>::from(at, value)) return bad;
    if (value < 1 || value > 9) return conf::refuse("value must be between 1 and 9");
    conf.level.set(value);
    return conf::ok();
}

/// A power of two from 512 up to `most`, whose logarithm less `base` is kept.
Status power(Cursor& at, conf::Setting<int>& out, std::uint64_t most, int top, std::string_view otherwise) {
    if (out.is_set()) return conf::directive_is("is duplicate");
    conf::Bytes size;
    if (auto bad = conf::Parse<conf::Bytes>::from(at, size)) return bad;
    for (auto value = most; value > 256; value /= 2, --top)
        if (size.value == value) return out.set(top), conf::ok();
    return conf::directive_is(std::string(otherwise));
}

Status window(Cursor& at, Conf& conf) {
    return power(at, conf.window_bits, 32768, 15, "must be 512, 1k, 2k, 4k, 8k, 16k, or 32k");
}
Status hash(Cursor& at, Conf& conf) {
    return power(at, conf.memory_level, 131072, 9, "must be 512, 1k, 2k, 4k, 8k, 16k, 32k, 64k, or 128k");
}

constexpr conf::Directive kDirectives[] = {
    {"gzip", conf::kHttp | conf::kLocationIf, conf::kFlag, conf::into<&Conf::on>},
    {"gzip_types", conf::kHttp, conf::kOneOrMore, conf::call<types, &Conf::types>},
    {"gzip_comp_level", conf::kHttp, conf::kOne, conf::call<level, &Conf::level>},
    {"gzip_window", conf::kHttp, conf::kOne, conf::call<window, &Conf::window_bits>},
    {"gzip_hash", conf::kHttp, conf::kOne, conf::call<hash, &Conf::memory_level>},
    {"gzip_min_length", conf::kHttp, conf::kOne, conf::into<&Conf::min_length>},
    {"gzip_buffers", conf::kHttp, conf::kTwo, conf::into<&Conf::buffers>},
    {"gzip_no_buffer", conf::kHttp, conf::kFlag, conf::into<&Conf::no_buffer>},
    {"postpone_gzipping", conf::kHttp, conf::kOne, conf::into<&Conf::postpone>},
};

}  // namespace

extern constinit const Module gzip_filter = {
    .name = "http_gzip",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .variables = kVariables,
    .header_filter = compress,
};

}  // namespace bext::http
