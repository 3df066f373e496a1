#include "base/pulse.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace bext {
namespace {

constexpr const char* kWords[] = {"its loop", "an event of a connection", "accepting connections", "a timer",
                                  "what another thread has asked for", "changes of files"};

/// Puts `text` at `at`, as far as there is room before `end`; gives the end of it.
char* put(char* at, const char* end, std::string_view text) {
    auto size = std::min(text.size(), static_cast<std::size_t>(end - at));
    if (size) std::memcpy(at, text.data(), size);
    return at + size;
}

/// Another process may be writing it.
std::string bounded(const char* text, std::size_t size) { return {text, strnlen(text, size)}; }

}  // namespace

Pulse*& Pulse::current() {
    static thread_local Pulse* pulse = nullptr;
    return pulse;
}

void Pulse::begin() {
    since_.store(0);
    tid_ = static_cast<pid_t>(::syscall(SYS_gettid));
    doing_ = Doing::kNothing;
    call_[0] = request_[0] = '\0';
    current() = this;
}

void Pulse::request(std::string_view host, std::string_view uri) {
    auto* end = request_ + sizeof request_ - 1;
    *put(put(request_, end, host), end, uri) = '\0';
}

/// Of a long subject its end tells most.
void Pulse::call(const char* name, std::string_view subject) {
    auto* end = call_ + sizeof call_ - 2;
    auto* at = put(put(call_, end, name), end, "() \"");
    if (subject.size() > static_cast<std::size_t>(end - at)) {
        at = put(at, end, "...");
        subject.remove_prefix(subject.size() - static_cast<std::size_t>(end - at));
    }
    at = put(at, end, subject);
    *at++ = '"';
    *at = '\0';
}

std::string Pulse::text() const {
    auto call = bounded(call_, sizeof call_), request = bounded(request_, sizeof request_);
    auto doing = std::min<std::size_t>(static_cast<std::size_t>(doing_), std::size(kWords) - 1);
    auto text = call.empty() ? std::string(kWords[doing]) : call;
    return request.empty() ? text : text + "; its last new request: " + request;
}

}  // namespace bext
