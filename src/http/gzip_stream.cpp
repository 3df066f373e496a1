#include "http/gzip_stream.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace bext::http {
namespace {

constexpr std::size_t kMostIdle = 8;  // of about 260 KiB each
thread_local std::vector<std::unique_ptr<GzipStream>> idle;

}  // namespace

GzipStream::~GzipStream() { deflateEnd(&z); }

GzipStream* GzipStream::take(const Settings& settings) {
    auto at = std::find_if(idle.rbegin(), idle.rend(), [&](auto& stream) { return stream->settings_ == settings; });
    if (at != idle.rend()) {
        auto* stream = at->release();
        idle.erase(std::next(at).base());
        return stream;
    }
    std::unique_ptr<GzipStream> made(new GzipStream(settings));
    constexpr int kGzip = 16;  // added to the window bits: gzip's head and trailer
    if (deflateInit2(&made->z, settings.level, Z_DEFLATED, settings.window_bits + kGzip, settings.memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return nullptr;
    return made.release();
}

void GzipStream::give_back(GzipStream* stream) {
    std::unique_ptr<GzipStream> owned(stream);
    if (deflateReset(&stream->z) != Z_OK) return;
    if (idle.size() == kMostIdle) idle.erase(idle.begin());
    idle.push_back(std::move(owned));
}

}  // namespace bext::http
