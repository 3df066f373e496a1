// LogBuffer: the lines of one buffered access log (buffer=, gzip=, flush=). Each thread fills a block of its own; who
// reopens the files or ends the process flushes all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace bext::http {

struct LogBufferOptions {
    std::size_t size = 0;        // bytes; 0: none
    std::uint64_t flush_ms = 0;  // 0: no time limit
    int gzip = 0;                // level; 0: plain
    bool operator==(const LogBufferOptions&) const = default;
};

class LogBuffer {
public:
    LogBuffer(std::shared_ptr<LogFile> file, LogBufferOptions options);
    /// Writes what is left.
    ~LogBuffer();

    const LogBufferOptions& options() const { return options_; }
    /// Takes a line with its end on this thread. Bytes that had to be written and were not: an errno, else 0.
    int add(std::string_view line);
    void flush_all();

private:
    struct Block;
    struct Here;
    struct HereAll;
    Here& here();

    std::shared_ptr<LogFile> file_;
    LogBufferOptions options_;
    const std::uint64_t id_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<Block>> blocks_;
};

}  // namespace bext::http
