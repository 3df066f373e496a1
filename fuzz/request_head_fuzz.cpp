// Fuzz target: request line and header lines. The oracle: the same bytes in any segmentation, in buffers of exactly
// their size, give the same lines, and no line holds what the grammar keeps out.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "http/host.h"
#include "http1/header_parser.h"
#include "http1/request_parser.h"

namespace {

using namespace bext;
using http1::Parse;

void require(bool condition) {
    if (!condition) std::abort();
}

// Sizes of segments: all at once, single bytes, or pseudo-random ones.
class Cuts {
public:
    explicit Cuts(std::uint32_t seed) : state_(seed) {}
    std::size_t next() {
        if (state_ < 2) return state_ == 0 ? SIZE_MAX / 2 : 1;
        state_ = state_ * 1664525 + 1013904223;
        return 1 + (state_ >> 24) % 40;
    }

private:
    std::uint32_t state_;
};

// What has arrived of `bytes` from `at` on, copied to a buffer of its own.
struct Buffer {
    Buffer(std::string_view bytes, std::size_t at, std::size_t arrived)
        : size(arrived - at), data(new char[size == 0 ? 1 : size]) {
        bytes.copy(data.get(), size, at);
    }
    std::size_t size;
    std::unique_ptr<char[]> data;
};

std::string text(std::string_view name, std::string_view value) {
    return std::string(name) + "=" + std::string(value) + "\n";
}

std::string describe(const http1::RequestLine& r) {
    require(!r.method.empty() && !r.target.empty());
    require(r.target[0] == '/' || (r.target[0] == '?' && r.complex && r.has_host));
    for (const char c : r.target) require(static_cast<unsigned char>(c) > 0x20 && c != 0x7f);
    Arena arena;
    http::Host host;
    if (r.has_host && http::validate_host(r.host, arena, host)) require(!host.name.empty());
    return text("line", r.line) + text(r.method, r.target) + text("path", r.path) + text("args", r.args) +
           text(r.scheme, r.host) + text(r.protocol, std::to_string(r.major * 1000 + r.minor)) +
           (r.http09 ? "9" : "-") + (r.complex ? "c" : "-") + (r.plus ? "+" : "-") + (r.connect ? "C" : "-");
}

std::string describe(const http1::HeaderLine& line) {
    require(!line.name.empty());
    for (const char c : line.name) require(static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != ':');
    for (const char c : line.value) require(c != '\r' && c != '\n' && c != '\0');
    require(line.value.empty() || (line.value.front() != ' ' && line.value.back() != ' '));
    return text(line.name, line.value) + (line.invalid_name ? "!" : "") + (line.underscore ? "_" : "");
}

// Parses one line; `at` moves behind it.
template <class Parser>
Parse line(Parser& parser, std::string_view bytes, std::size_t& at, std::size_t& arrived, Cuts& cuts,
           std::string& out) {
    for (;;) {
        const Buffer buffer(bytes, at, arrived);
        const Parse verdict = parser.feed(buffer.data.get(), buffer.size);
        if (verdict == Parse::kAgain && arrived < bytes.size()) {
            arrived += std::min(cuts.next(), bytes.size() - arrived);
            continue;
        }
        if (verdict == Parse::kDone) out += describe(parser.result(buffer.data.get()));
        if (verdict == Parse::kDone || verdict == Parse::kEnd) at += parser.consumed();
        return verdict;
    }
}

std::string head(std::string_view bytes, http1::HeaderOptions options, std::uint32_t seed) {
    Cuts cuts(seed);
    std::size_t at = 0;
    std::size_t arrived = 0;
    std::string out;
    http1::RequestLineParser request;
    Parse verdict = line(request, bytes, at, arrived, cuts, out);
    http1::HeaderLineParser header(options);
    while (verdict == Parse::kDone) verdict = line(header, bytes, at, arrived, cuts, out);
    if (verdict == Parse::kInvalid) out += std::to_string(header.bad_at());
    return out + text(std::to_string(static_cast<int>(verdict)), std::to_string(at));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const http1::HeaderOptions options{.underscores = (data[0] & 1) != 0, .skip_status = (data[0] & 2) != 0};
    const std::string whole = head(bytes, options, 0);
    require(head(bytes, options, 1) == whole);
    require(head(bytes, options, data[0] + 2u) == whole);
    return 0;
}
