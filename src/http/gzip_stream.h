// GzipStream: a zlib compressor that is used again by later responses of the same thread.
#pragma once

#include <zlib.h>

namespace bext::http {

class GzipStream {
public:
    struct Settings {
        int level = 1, window_bits = 15, memory_level = 8;
        bool operator==(const Settings&) const = default;
    };
    /// One of the thread's idle streams of these settings, or a new one; null when zlib refuses.
    static GzipStream* take(const Settings& settings);
    /// Back to the thread's idle streams.
    static void give_back(GzipStream* stream);

    ~GzipStream();
    GzipStream(const GzipStream&) = delete;

    z_stream z{};

private:
    explicit GzipStream(const Settings& settings) : settings_(settings) {}
    Settings settings_;
};

}  // namespace bext::http
