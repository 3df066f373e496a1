// range: parts of a response: Range and If-Range (RFC 9110, section 14; ngx_http_range_filter_module).
#include "http/ranges.h"

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "http/core_conf.h"
#include "http/dates.h"
#include "http/module.h"

namespace bext::http {
namespace {

/// The bytes of `piece` from `begin` up to `end`.
Piece part_of(const Piece& piece, std::uint64_t begin, std::uint64_t end) {
    Piece part = piece;
    if (part.data) part.data += begin;
    part.offset += static_cast<off_t>(begin);
    part.size = end - begin;
    return part;
}

/// Adds to `out` what `in`, which begins at `offset` of the whole, has of `range`.
void cut(const Chain& in, std::uint64_t offset, const ByteRange& range, Chain& out) {
    for (auto& piece : in) {
        auto begin = std::max(range.begin, offset), end = std::min(range.end, offset + piece.size);
        if (begin < end) out.push(part_of(piece, begin - offset, end - offset));
        offset += piece.size;
    }
}

class OneRange : public BodyFilter {
public:
    OneRange(ByteRange range, std::uint64_t offset) : range_(range), offset_(offset) {}
    bool pass(Request& request, Chain& chain, bool, bool) override {
        Chain kept(request.arena);
        auto size = size_of(chain);
        cut(chain, offset_, range_, kept);
        offset_ += size;
        chain = kept;
        return true;
    }

private:
    ByteRange range_;
    std::uint64_t offset_;
};

/// multipart/byteranges. The ranges may go back, so the whole body has to be there at once, as in nginx.
class ManyRanges : public BodyFilter {
public:
    struct Part {
        ByteRange range;
        std::string_view head;
    };
    ManyRanges(Arena& arena) : parts(arena) {}

    bool pass(Request& request, Chain& chain, bool, bool) override {
        if (chain.empty()) return true;
        auto size = size_of(chain);
        for (auto& part : parts)
            if (done_ || part.range.end > size) {
                request.log(Level::kAlert, "range in overlapped buffers");
                return false;
            }
        Chain all(request.arena);
        for (auto& part : parts) {
            all.push(Piece::memory(part.head));
            cut(chain, 0, part.range, all);
        }
        all.push(Piece::memory(end));
        chain = all;
        done_ = true;
        return true;
    }

    List<Part> parts;
    std::string_view end;

private:
    bool done_ = false;
};

bool still_the_same(Request& r, std::string_view if_range) {
    if (if_range.size() >= 2 && if_range.back() == '"') {
        auto* etag = r.out.headers.find(Name::kEtag);
        return etag && etag->value == if_range;
    }
    return r.out.last_modified != -1 && parse_http_date(if_range).value_or(-1) == r.out.last_modified;
}

void send_one(Request& r, const ByteRange& range) {
    auto& out = r.out;
    char text[80];
    int n = snprintf(text, sizeof text, "bytes %llu-%llu/%lld", static_cast<unsigned long long>(range.begin),
                     static_cast<unsigned long long>(range.end - 1), static_cast<long long>(out.content_length));
    out.headers.set("Content-Range", r.arena.copy({text, static_cast<std::size_t>(n)}), Name::kContentRange);
    r.add_filter(r.arena.make<OneRange>(range, static_cast<std::uint64_t>(out.content_offset)));
    out.clear_content_length();
    out.content_length = static_cast<std::int64_t>(range.size());
    out.content_offset = static_cast<std::int64_t>(range.begin);
}

void send_many(Request& r, const std::vector<ByteRange>& ranges) {
    static std::atomic<std::uint64_t> next{1};
    auto& out = r.out;
    auto* filter = r.arena.make<ManyRanges>(r.arena);
    char boundary[32], text[80];
    snprintf(boundary, sizeof boundary, "%020llu", static_cast<unsigned long long>(next.fetch_add(1, std::memory_order_relaxed)));
    auto type = out.whole_type();
    if (out.type_rest.empty() && !out.charset.empty()) type = r.arena.cat({type, "; charset=", out.charset});
    if (!type.empty()) type = r.arena.cat({"\r\nContent-Type: ", type});
    std::uint64_t size = 0;
    for (auto& range : ranges) {
        int n = snprintf(text, sizeof text, "%llu-%llu/%lld\r\n\r\n", static_cast<unsigned long long>(range.begin),
                         static_cast<unsigned long long>(range.end - 1), static_cast<long long>(out.content_length));
        auto head = r.arena.cat({"\r\n--", boundary, type, "\r\nContent-Range: bytes ", {text, static_cast<std::size_t>(n)}});
        filter->parts.push({range, head});
        size += head.size() + range.size();
    }
    filter->end = r.arena.cat({"\r\n--", boundary, "--\r\n"});
    out.set_type(r.arena.cat({"multipart/byteranges; boundary=", boundary}));
    out.charset = {};
    out.clear_content_length();
    out.content_length = static_cast<std::int64_t>(size + filter->end.size());
    out.headers.remove(Name::kContentRange);
    r.add_filter(filter);
}

int refuse_ranges(Request& r) {
    char text[40];
    int n = snprintf(text, sizeof text, "bytes */%lld", static_cast<long long>(r.out.content_length));
    r.out.headers.set("Content-Range", r.arena.copy({text, static_cast<std::size_t>(n)}), Name::kContentRange);
    r.out.clear_content_length();
    return status::kRangeNotSatisfiable;
}

std::optional<int> take_ranges(Request& r) {
    auto& out = r.out;
    if (r.http_version < 1000 || out.status != status::kOk || r.parent || out.content_length == -1 || !out.allow_ranges)
        return std::nullopt;
    auto most = *r.conf<Core>().max_ranges;
    if (most <= 0) return std::nullopt;
    auto* range = r.in.find(Name::kRange);
    auto verdict = RangeVerdict::kWhole;
    std::vector<ByteRange> ranges;
    if (range) {
        auto* if_range = r.in.find(Name::kIfRange);
        if (!if_range || still_the_same(r, if_range->value))
            verdict = parse_ranges(range->value, static_cast<std::uint64_t>(out.content_length),
                                   out.single_range ? 1 : static_cast<std::uint32_t>(most), ranges);
    }
    switch (verdict) {
        case RangeVerdict::kUnsatisfiable: return refuse_ranges(r);
        case RangeVerdict::kWhole: out.headers.add("Accept-Ranges", "bytes", Name::kAcceptRanges); return std::nullopt;
        case RangeVerdict::kPartial: break;
    }
    out.status = status::kPartial;
    out.status_line = {};
    ranges.size() == 1 ? send_one(r, ranges[0]) : send_many(r, ranges);
    return std::nullopt;
}

}  // namespace

extern constinit const Module range_filter = {
    .name = "http_range_filter",
    .header_filter = take_ranges,
    .always = true,
};

}  // namespace bext::http
