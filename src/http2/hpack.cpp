#include "http2/hpack.h"

#include <nghttp2/nghttp2.h>

#include <cstring>
#include <new>

#include "base/text.h"

namespace bext::http2 {

void HeaderDecoder::Free::operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }

HeaderDecoder::HeaderDecoder() {
    nghttp2_hd_inflater* made = nullptr;
    if (nghttp2_hd_inflate_new(&made) != 0) throw std::bad_alloc();
    inflater_.reset(made);
}

HeaderDecoder::Step HeaderDecoder::next(std::string_view& block, bool last, Field& field) {
    nghttp2_nv found;
    int flags = 0;
    auto used = nghttp2_hd_inflate_hd2(inflater_.get(), &found, &flags, reinterpret_cast<const std::uint8_t*>(block.data()), block.size(), last);
    if (used == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
    if (used < 0) return Step::kInvalid;
    block.remove_prefix(static_cast<std::size_t>(used));
    if (flags & NGHTTP2_HD_INFLATE_EMIT) {
        field.name = {reinterpret_cast<const char*>(found.name), found.namelen};
        field.value = {reinterpret_cast<const char*>(found.value), found.valuelen};
        return Step::kField;
    }
    if (!(flags & NGHTTP2_HD_INFLATE_FINAL)) return Step::kMore;
    nghttp2_hd_inflate_end_headers(inflater_.get());
    return Step::kEnd;
}

/// An integer with a prefix of that many bits (RFC 7541, section 5.1).
void HeaderWriter::number(std::uint8_t first, unsigned bits, std::size_t value) {
    std::size_t most = (1u << bits) - 1;
    if (value < most) {
        *p++ = static_cast<char>(first | value);
        return;
    }
    *p++ = static_cast<char>(first | most);
    for (value -= most; value >= 128; value >>= 7) *p++ = static_cast<char>(128 | (value & 127));
    *p++ = static_cast<char>(value);
}

void HeaderWriter::text(std::string_view text) {
    number(0, 7, text.size());
    if (!text.empty()) std::memcpy(p, text.data(), text.size());
    p += text.size();
}

void HeaderWriter::status(int status) {
    switch (status) {
        case 200: *p++ = static_cast<char>(0x88); return;
        case 204: *p++ = static_cast<char>(0x89); return;
        case 206: *p++ = static_cast<char>(0x8a); return;
        case 304: *p++ = static_cast<char>(0x8b); return;
        case 400: *p++ = static_cast<char>(0x8c); return;
        case 404: *p++ = static_cast<char>(0x8d); return;
        case 500: *p++ = static_cast<char>(0x8e); return;
        default: break;
    }
    char digits[3] = {static_cast<char>('0' + status / 100 % 10), static_cast<char>('0' + status / 10 % 10), static_cast<char>('0' + status % 10)};
    field(StaticName::kStatus, {digits, 3});
}

void HeaderWriter::field(StaticName name, std::string_view value) {
    number(0, 4, static_cast<std::size_t>(name));
    text(value);
}

void HeaderWriter::field(StaticName name, std::uint64_t value) {
    char digits[24];
    field(name, {digits, static_cast<std::size_t>(put_decimal(digits, value) - digits)});
}

void HeaderWriter::field(std::string_view name, std::string_view value) {
    *p++ = 0;
    number(0, 7, name.size());
    for (char c : name) *p++ = to_lower(c);
    text(value);
}

}  // namespace bext::http2
