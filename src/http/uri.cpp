// Request targets: decoding and dot resolution with the semantics of nginx's ngx_http_parse_complex_uri.
#include "http/uri.h"

#include <cstring>

#include "base/arena.h"
#include "base/text.h"
#include "http/escape.h"

namespace bext::http {
namespace {

// Where the writer stands within the current path segment.
enum class At { kSegment, kSlash, kDot, kDotDot };

struct Unit {
    char c;
    bool literal;  // a decoded %, # or ?, which has no meaning of its own
    bool end;      // the path ends before this byte
};

class Normaliser {
public:
    Normaliser(std::string_view target, bool merge_slashes, char* out, NormalisedUri& uri)
        : target_(target), merge_(merge_slashes), out_(out), uri_(uri) {}

    bool run() {
        if (target_.empty() || target_[0] != '/') {
            out_[size_++] = '/';
            at_ = At::kSlash;
        }
        while (in_ < target_.size()) {
            Unit unit{};
            if (!next(unit)) return false;
            if (unit.end) break;
            if (unit.literal) {
                at_ = At::kSegment;
                out_[size_++] = unit.c;
            } else if (!put(unit.c)) {
                return false;
            }
        }
        if (!leave_dots()) return false;
        uri_.path = {out_, size_};
        uri_.exten = dot_ == 0 ? std::string_view() : uri_.path.substr(dot_ + 1);
        take_args();
        return true;
    }

private:
    // Reads one byte of the path, decoded.
    bool next(Unit& unit) {
        const char c = target_[in_];
        if (c == '?' || c == '#') {
            unit.end = true;
            return true;
        }
        if (c != '%') {
            unit.c = c;
            ++in_;
            return true;
        }
        if (in_ + 2 >= target_.size()) return false;
        const int high = hex_digit(target_[in_ + 1]);
        const int low = hex_digit(target_[in_ + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
        unit.c = static_cast<char>(high << 4 | low);
        unit.literal = unit.c == '%' || unit.c == '#' || unit.c == '?';
        uri_.quoted = true;
        in_ += 3;
        return true;
    }

    bool put(char c) {
        if (c == '/') return put_slash();
        if (c == '+') uri_.plus = true;
        if (c == '.') {
            switch (at_) {
                case At::kSlash: at_ = At::kDot; break;
                case At::kDot: at_ = At::kDotDot; break;
                case At::kDotDot: at_ = At::kSegment; break;
                case At::kSegment: dot_ = size_; break;
            }
        } else {
            at_ = At::kSegment;
        }
        out_[size_++] = c;
        return true;
    }

    bool put_slash() {
        if (at_ == At::kDot || at_ == At::kDotDot) {
            if (!leave_dots()) return false;
        } else if (at_ != At::kSlash || !merge_) {
            out_[size_++] = '/';
        }
        if (at_ == At::kSegment) dot_ = 0;
        at_ = At::kSlash;
        return true;
    }

    // Takes a "." or ".." segment off the output; false above the root.
    bool leave_dots() {
        if (at_ == At::kDot) --size_;
        if (at_ != At::kDotDot) return true;
        size_ -= 3;  // "/.."
        while (size_ > 0 && out_[size_ - 1] != '/') --size_;
        return size_ > 0;
    }

    void take_args() {
        if (in_ >= target_.size() || target_[in_] != '?') return;
        uri_.args = target_.substr(in_ + 1);
        uri_.args = uri_.args.substr(0, uri_.args.find('#'));
    }

    std::string_view target_;
    bool merge_;
    char* out_;
    NormalisedUri& uri_;
    std::size_t in_ = 0;
    std::size_t size_ = 0;
    std::size_t dot_ = 0;  // offset of the dot before the extension, 0 for none
    At at_ = At::kSegment;
};

// Whether `path` is or starts with "..", or holds a "/.." segment.
bool climbs(std::string_view path) {
    if (path == ".." || path.substr(0, 3) == "../") return true;
    for (std::size_t at = path.find("/.."); at != path.npos; at = path.find("/..", at + 1))
        if (at + 3 == path.size() || path[at + 3] == '/') return true;
    return false;
}

}  // namespace

bool needs_normalising(std::string_view target) {
    if (target.empty() || target[0] != '/') return true;
    char before = '\0';
    for (std::size_t i = 0; i < target.size(); ++i) {
        const char c = target[i];
        if (c == '?') return target.find('#', i) != target.npos;
        if (c == '%' || c == '#' || (before == '/' && (c == '/' || c == '.'))) return true;
        before = c;
    }
    return false;
}

bool normalise(std::string_view target, bool merge_slashes, char* out, NormalisedUri& uri) {
    uri = {};
    return Normaliser(target, merge_slashes, out, uri).run();
}

bool normalise(std::string_view target, bool merge_slashes, Arena& arena, NormalisedUri& uri) {
    if (needs_normalising(target)) return normalise(target, merge_slashes, arena.bytes(normalised_size(target)), uri);
    uri = {};
    uri.path = target;
    uri.args = split_args(uri.path);
    uri.exten = extension(uri.path);
    uri.plus = uri.path.find('+') != uri.path.npos;
    return true;
}

bool valid_target(std::string_view target) {
    if (target.empty() || target[0] != '/') return false;
    for (const char c : target)
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return false;
    return true;
}

std::string_view extension(std::string_view path) {
    for (std::size_t i = path.size(); i-- > 2;) {
        if (path[i] == '.' && path[i - 1] != '/') return path.substr(i + 1);
        if (path[i] == '/') break;
    }
    return {};
}

bool parse_unsafe_uri(std::string_view& uri, std::string_view& args, Arena& arena) {
    if (uri.empty() || uri[0] == '?') return false;
    std::string_view path = uri;
    const std::string_view after = split_args(path);
    if (climbs(path) || path.find('\0') != path.npos) return false;
    if (path.find('%') != path.npos) {
        path = unescape_uri(path, Unescape::kAll, arena);
        if (climbs(path) || path.find('\0') != path.npos) return false;
    }
    if (after.data() != nullptr) args = after;
    uri = path;
    return true;
}

std::string_view split_args(std::string_view& uri) {
    const std::size_t question = uri.find('?');
    if (question == uri.npos) return {};
    const std::string_view args = uri.substr(question + 1);
    uri = uri.substr(0, question);
    return args;
}

}  // namespace bext::http
