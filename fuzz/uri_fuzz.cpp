// Fuzz target: normalising of request targets and the check of internal redirects. The oracle: a slow model that works
// on lists of segments, and that a normalised path, escaped, normalises to itself.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/text.h"
#include "http/escape.h"
#include "http/uri.h"

namespace {

using namespace bext;
using http::NormalisedUri;

void require(bool condition) {
    if (!condition) std::abort();
}

// Splits the decoded path of `target` at its slashes; nothing for a bad %XX or a NUL.
std::optional<std::vector<std::string>> segments(std::string_view target) {
    std::vector<std::string> out(1);
    const std::string_view path = target.substr(0, target.find_first_of("?#"));
    for (std::size_t i = 0; i < path.size(); ++i) {
        char c = path[i];
        if (c == '%') {
            const auto code = i + 2 < path.size() ? parse_hex(path.substr(i + 1, 2)) : std::nullopt;
            if (!code || *code == 0) return {};
            c = static_cast<char>(*code);
            i += 2;
        }
        if (c == '/')
            out.emplace_back();
        else
            out.back() += c;
    }
    return out;
}

// The path a target means, nothing for 400.
std::optional<std::string> model(std::string_view target, bool merge_slashes) {
    const auto in = segments(target);
    if (!in) return {};
    std::vector<std::string> kept;
    for (std::size_t i = 1; i < in->size(); ++i) {
        const std::string& segment = (*in)[i];
        const bool last = i + 1 == in->size();
        if (segment == "..") {
            if (kept.empty()) return {};
            kept.pop_back();
        } else if (segment != "." && (last || !segment.empty() || !merge_slashes)) {
            kept.push_back(segment);
            continue;
        }
        if (last) kept.emplace_back();
    }
    std::string out;
    for (const std::string& segment : kept) out += "/" + segment;
    return out;
}

std::string_view model_args(std::string_view target) {
    const std::string_view before = target.substr(0, target.find('#'));
    const std::size_t question = before.find('?');
    return question == before.npos ? std::string_view() : before.substr(question + 1);
}

void check_target(std::string_view target, bool merge_slashes) {
    const std::string copy(target);
    std::string out(http::normalised_size(target), '\0');
    NormalisedUri uri;
    const bool good = http::normalise(copy, merge_slashes, out.data(), uri);
    const auto expected = model(target, merge_slashes);
    require(good == expected.has_value());
    if (!good) return;
    require(uri.path == *expected && uri.args == model_args(target));
    require(uri.path[0] == '/' && uri.path.find('\0') == uri.path.npos);
    const std::string closed = std::string(uri.path) + "/";
    require(closed.find("/../") == closed.npos && closed.find("/./") == closed.npos);
    require(!merge_slashes || uri.path.find("//") == uri.path.npos);
    require(uri.exten.empty() || uri.path.ends_with("." + std::string(uri.exten)));

    Arena arena;
    NormalisedUri again;
    require(http::normalise(copy, merge_slashes, arena, again));
    require(again.path == uri.path && again.args == uri.args && again.exten == uri.exten);
    require(again.plus == uri.plus && again.quoted == uri.quoted);
    require(http::normalise(http::escape(http::Escape::kUri, uri.path, arena), merge_slashes, arena, again));
    require(again.path == uri.path && again.args.empty());
}

void check_unsafe(std::string_view target) {
    Arena arena;
    const std::string copy(target);
    std::string_view uri = copy;
    std::string_view args;
    if (!http::parse_unsafe_uri(uri, args, arena)) {
        require(uri == target && args.empty());
        return;
    }
    const std::string closed = std::string(uri) + "/";
    require(closed.find("/../") == closed.npos && !closed.starts_with("../") && closed.find('\0') == closed.npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::string target = "/" + std::string(bytes);
    if (http::valid_target(target))
        for (const bool merge_slashes : {false, true}) check_target(target, merge_slashes);
    check_unsafe(bytes);
    return 0;
}
