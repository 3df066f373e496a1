#include "takeover/samples.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <fstream>

#include "base/text.h"
#include "takeover/disk.h"
#include "takeover/places.h"

namespace bext::takeover {
namespace {

constexpr std::size_t kKept = 120;
constexpr std::uint64_t kMost = 4 * 1024 * 1024;  // bytes of the log that are read at once

std::uint64_t size_of(const std::string& path) {
    struct stat facts {};
    return stat(path.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

}  // namespace

Samples::Samples(std::string access_log, std::optional<Target> target)
    : access_log_(std::move(access_log)), target_(std::move(target)), offset_(size_of(access_log_)), thread_([this] { run(); }) {}

Samples::~Samples() {
    {
        std::lock_guard lock(mutex_);
        over_ = true;
    }
    thread_.join();
}

void Samples::run() {
    for (int tick = 0;; ++tick) {
        usleep(100'000);
        {
            std::lock_guard lock(mutex_);
            if (over_) return;
        }
        if (tick % 10) continue;
        auto one = take();
        std::lock_guard lock(mutex_);
        last_.push_back(one);
        if (last_.size() > kKept) last_.pop_front();
    }
}

Samples::One Samples::take() {
    One one;
    one.time = ::time(nullptr);
    one.committed = exists(kActiveBit);
    auto size = size_of(access_log_);
    if (size < offset_) offset_ = 0;  // a new file
    std::string text(static_cast<std::size_t>(std::min(size - offset_, kMost)), 0);
    std::ifstream file(access_log_, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset_));
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    text.resize(text.rfind('\n') + 1);
    offset_ += text.size();
    for (auto line : split(text, '\n')) {
        auto at = line.find("\" ");
        if (at == std::string_view::npos || line.size() < at + 5 || line.find("bext-takeover") != std::string_view::npos) continue;
        ++one.requests;
        one.errors += line[at + 2] == '5';
    }
    if (target_)
        if (auto answer = ask(*target_)) one.milliseconds = answer->milliseconds;
    return one;
}

std::string Samples::json() const {
    std::lock_guard lock(mutex_);
    std::string text = "[";
    for (auto& one : last_)
        text += cat({text.size() > 1 ? "," : "", "{\"time\":", std::to_string(one.time), ",\"requests\":", std::to_string(one.requests),
                     ",\"errors\":", std::to_string(one.errors), ",\"milliseconds\":", std::to_string(one.milliseconds), ",\"committed\":",
                     one.committed ? "true" : "false", "}"});
    return text + "]";
}

}  // namespace bext::takeover
