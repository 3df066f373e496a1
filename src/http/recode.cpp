#include "http/recode.h"

#include <unistd.h>

#include <algorithm>

#include "base/text.h"

namespace bext::http {
namespace {

constexpr std::size_t kBuffer = 16384;
constexpr std::uint32_t kInvalid = UINT32_MAX, kIncomplete = UINT32_MAX - 1;

/// Takes one character off `text` (ngx_utf8_decode); kIncomplete leaves it as it is.
std::uint32_t decode_utf8(std::string_view& text) {
    auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    auto first = byte(0);
    if (first < 0x80) return text.remove_prefix(1), first;
    std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (first < 0xc2 || first > 0xf4) return text.remove_prefix(1), kInvalid;
    auto point = first & (0x7f >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if (i == text.size()) return kIncomplete;
        if ((byte(i) & 0xc0) != 0x80) return text.remove_prefix(i), kInvalid;
        point = point << 6 | (byte(i) & 0x3f);
    }
    text.remove_prefix(size);
    return point < kLeast[size] || point > 0x10ffff ? kInvalid : point;
}

}  // namespace

CharsetMap::CharsetMap(bool utf8) {
    forth.to_utf8 = back.from_utf8 = utf8;
    for (std::size_t i = 0; i < 256; ++i) {
        forth.bytes[i] = back.bytes[i] = i < 128 ? std::string(1, static_cast<char>(i)) : "?";
        if (i < 128) back.points[static_cast<std::uint32_t>(i)] = static_cast<char>(i);
    }
}

std::optional<std::string> CharsetMap::add(const std::string& from, const std::string& to) {
    auto source = parse_hex(from);
    if (!source || *source > 255) return from;
    if (!forth.to_utf8) {
        auto target = parse_hex(to);
        if (!target || *target > 255) return to;
        forth.bytes[*source] = static_cast<char>(*target);
        back.bytes[*target] = static_cast<char>(*source);
        return std::nullopt;
    }
    std::string character;
    for (std::size_t i = 0; i < to.size(); i += 2) {
        auto byte = parse_hex(to.substr(i, 2));
        if (!byte || to.size() / 2 > 4) return to;
        character += static_cast<char>(*byte);
    }
    std::string_view text = character;
    auto point = text.empty() ? kInvalid : decode_utf8(text);
    if (point > 0xffff) return to;
    forth.bytes[*source] = character;
    back.points[point] = static_cast<char>(*source);
    return std::nullopt;
}

void Recoder::take_output(Chain& out) {
    if (begun_ && filled_) out.push(Piece::memory({buffers_[used_ - 1], filled_}));
    begun_ = false;
}

void Recoder::put(Request& request, std::string_view text, Chain& out) {
    if (!begun_ || filled_ + text.size() > kBuffer) {
        take_output(out);
        if (used_ == buffers_.size()) buffers_.push(request.arena.bytes(kBuffer));
        ++used_;
        filled_ = 0;
        begun_ = true;
    }
    std::copy(text.begin(), text.end(), buffers_[used_ - 1] + filled_);
    filled_ += text.size();
}

void Recoder::recode_utf8(Request& request, std::string_view text, Chain& out) {
    std::string joined;
    if (!rest_.empty()) {
        joined = std::exchange(rest_, {}).append(text);
        text = joined;
    }
    while (!text.empty()) {
        auto point = decode_utf8(text);
        if (point == kIncomplete) {
            rest_ = text;
            return;
        }
        auto at = table_->points.find(point);
        if (at != table_->points.end()) put(request, {&at->second, 1}, out);
        else if (point <= 0xffff) put(request, "&#" + std::to_string(point) + ";", out);
        else put(request, "?", out);
    }
}

void Recoder::recode(Request& request, std::string_view text, Chain& out) {
    if (table_->from_utf8) return recode_utf8(request, text, out);
    for (char c : text) put(request, table_->bytes[static_cast<unsigned char>(c)], out);
}

bool Recoder::recode_file(Request& request, const Piece& piece, Chain& out) {
    char buffer[kBuffer];
    auto left = piece.size;
    for (auto at = piece.offset; left > 0;) {
        auto n = ::pread(piece.fd, buffer, std::min<std::uint64_t>(left, sizeof buffer), at);
        if (n <= 0) {
            request.log(Level::kAlert, n < 0 ? "pread() failed" : "pread() read only 0 bytes: the file was truncated", n < 0 ? errno : 0);
            return false;
        }
        recode(request, {buffer, static_cast<std::size_t>(n)}, out);
        left -= static_cast<std::uint64_t>(n);
        at += n;
    }
    return true;
}

bool Recoder::pass(Request& request, Chain& chain, bool, bool) {
    if (!request.backlog()) used_ = 0;  // what was made before is sent
    Chain out(request.arena);
    for (auto& piece : chain) {
        if (piece.is_place()) {
            take_output(out);
            out.push(piece);
        } else if (piece.in_memory()) recode(request, {piece.data, piece.size}, out);
        else if (!recode_file(request, piece, out)) return false;
    }
    take_output(out);
    chain = out;
    return true;
}

}  // namespace bext::http
