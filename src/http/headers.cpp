#include "http/headers.h"

#include <array>

namespace bext::http {
namespace {

struct Known {
    std::string_view text;
    Name name;
};

constexpr Known kKnown[] = {
    {"host", Name::kHost}, {"connection", Name::kConnection}, {"if-modified-since", Name::kIfModifiedSince},
    {"if-unmodified-since", Name::kIfUnmodifiedSince}, {"if-match", Name::kIfMatch},
    {"if-none-match", Name::kIfNoneMatch}, {"user-agent", Name::kUserAgent}, {"referer", Name::kReferer},
    {"content-length", Name::kContentLength}, {"content-range", Name::kContentRange},
    {"content-type", Name::kContentType}, {"range", Name::kRange}, {"if-range", Name::kIfRange},
    {"transfer-encoding", Name::kTransferEncoding}, {"te", Name::kTe}, {"expect", Name::kExpect},
    {"upgrade", Name::kUpgrade}, {"accept-encoding", Name::kAcceptEncoding}, {"via", Name::kVia},
    {"authorization", Name::kAuthorization}, {"keep-alive", Name::kKeepAlive},
    {"x-forwarded-for", Name::kXForwardedFor}, {"x-real-ip", Name::kXRealIp}, {"accept", Name::kAccept},
    {"accept-language", Name::kAcceptLanguage}, {"depth", Name::kDepth}, {"destination", Name::kDestination},
    {"overwrite", Name::kOverwrite}, {"date", Name::kDate}, {"cookie", Name::kCookie},
    {"proxy-connection", Name::kProxyConnection}, {"server", Name::kServer}, {"location", Name::kLocation},
    {"last-modified", Name::kLastModified}, {"etag", Name::kEtag}, {"cache-control", Name::kCacheControl},
    {"expires", Name::kExpires}, {"set-cookie", Name::kSetCookie}, {"content-encoding", Name::kContentEncoding},
    {"accept-ranges", Name::kAcceptRanges}, {"www-authenticate", Name::kWwwAuthenticate}, {"vary", Name::kVary},
    {"link", Name::kLink}, {"refresh", Name::kRefresh}, {"x-accel-redirect", Name::kXAccelRedirect},
    {"x-accel-expires", Name::kXAccelExpires}, {"x-accel-limit-rate", Name::kXAccelLimitRate},
    {"x-accel-buffering", Name::kXAccelBuffering}, {"x-accel-charset", Name::kXAccelCharset},
    {"x-pad", Name::kXPad}, {"status", Name::kStatus}, {"trailer", Name::kTrailer},
    {"proxy-authenticate", Name::kProxyAuthenticate}, {"content-disposition", Name::kContentDisposition},
    {"retry-after", Name::kRetryAfter}, {"proxy-authorization", Name::kProxyAuthorization},
};

constexpr std::size_t kSlots = 256;

/// Cheap and collision-poor over the names above: length, first and last letters.
constexpr std::size_t place(std::string_view name) {
    auto low = [](char c) { return static_cast<std::size_t>(static_cast<unsigned char>(c) | 0x20); };
    return (name.size() * 7 + low(name.front()) * 31 + low(name.back()) * 5 + low(name[name.size() / 2]) * 3) % kSlots;
}

constexpr auto kTable = [] {
    std::array<std::uint8_t, kSlots> table{};  // 1 + index into kKnown, open addressing
    for (std::size_t i = 0; i < std::size(kKnown); ++i) {
        auto at = place(kKnown[i].text);
        while (table[at]) at = (at + 1) % kSlots;
        table[at] = static_cast<std::uint8_t>(i + 1);
    }
    return table;
}();

static_assert(static_cast<unsigned>(Name::kProxyAuthorization) < 64, "Headers keeps one bit per known name");

}  // namespace

Name known_name(std::string_view name) {
    if (name.empty() || name.size() > 19) return Name::kOther;
    for (auto at = place(name); kTable[at]; at = (at + 1) % kSlots) {
        auto& known = kKnown[kTable[at] - 1];
        if (iequals(known.text, name)) return known.name;
    }
    return Name::kOther;
}

const Header* Headers::find(std::string_view name) const {
    for (auto& h : list_)
        if (!h.gone && iequals(h.name, name)) return &h;
    return nullptr;
}

}  // namespace bext::http
