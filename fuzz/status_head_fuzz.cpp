// Fuzz target: the head of an upstream response. The oracle: the same bytes in any segmentation, in buffers of exactly
// their size, give the same status and header lines.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http1/header_parser.h"
#include "http1/status_parser.h"

namespace {

using namespace bext;
using http1::Parse;

void require(bool condition) {
    if (!condition) std::abort();
}

std::string describe(const http1::StatusLine& line) {
    require(line.status >= 0 && line.status <= 999 && line.text.size() >= 3);
    return std::to_string(line.major) + "." + std::to_string(line.minor) + " " + std::to_string(line.status) + " " +
           std::string(line.text) + "\n";
}

std::string describe(const http1::HeaderLine& line) {
    require(!line.name.empty());
    for (const char c : line.value) require(c != '\r' && c != '\n' && c != '\0');
    return std::string(line.name) + "=" + std::string(line.value) + (line.invalid_name ? "!\n" : "\n");
}

template <class Parser>
Parse line(Parser& parser, std::string_view bytes, std::size_t& at, std::size_t& arrived, std::size_t step,
           std::string& out) {
    for (;;) {
        const std::vector<char> buffer(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                       bytes.begin() + static_cast<std::ptrdiff_t>(arrived));
        const Parse verdict = parser.feed(buffer.data(), buffer.size());
        if (verdict == Parse::kAgain && arrived < bytes.size()) {
            arrived = std::min(arrived + step, bytes.size());
            continue;
        }
        if (verdict == Parse::kDone) out += describe(parser.result(buffer.data()));
        if (verdict == Parse::kDone || verdict == Parse::kEnd) at += parser.consumed();
        return verdict;
    }
}

std::string head(std::string_view bytes, std::size_t step) {
    std::size_t at = 0;
    std::size_t arrived = 0;
    std::string out;
    http1::StatusLineParser status;
    Parse verdict = line(status, bytes, at, arrived, step, out);
    http1::HeaderLineParser header({.underscores = true, .skip_status = true});
    while (verdict == Parse::kDone) verdict = line(header, bytes, at, arrived, step, out);
    return out + std::to_string(static_cast<int>(verdict)) + " " + std::to_string(at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::string whole = head(bytes, size + 1);
    for (const std::size_t step : {1, 2, 3, 7, 16, 17, 31}) require(head(bytes, step) == whole);
    return 0;
}
