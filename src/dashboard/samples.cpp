#include "dashboard/samples.h"

#include <time.h>
#include <unistd.h>

#include "base/text.h"

namespace bext::dashboard {

Samples::Samples(std::function<Sample()> take) : take_(std::move(take)), thread_([this] { run(); }) {}

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
        auto one = take_();
        one.time = ::time(nullptr);
        std::lock_guard lock(mutex_);
        last_.push_back(one);
        if (last_.size() > kKept) last_.pop_front();
    }
}

std::string Samples::json(std::size_t most) const {
    std::lock_guard lock(mutex_);
    std::string text = "[";
    for (auto at = last_.size() > most ? last_.size() - most : 0; at < last_.size(); ++at) {
        auto& one = last_[at];
        text += cat({text.size() > 1 ? "," : "", "[", std::to_string(one.time), ",", std::to_string(one.requests), ",", std::to_string(one.errors), ",",
                     std::to_string(one.milliseconds), one.committed ? ",1]" : ",0]"});
    }
    return text + "]";
}

}  // namespace bext::dashboard
