// Headers of a request or response: names and values as received, with the well-known ones found by number.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/list.h"
#include "base/text.h"

namespace bext::http {

enum class Name : std::uint8_t {
    kOther,
    kHost, kConnection, kIfModifiedSince, kIfUnmodifiedSince, kIfMatch, kIfNoneMatch, kUserAgent, kReferer,
    kContentLength, kContentRange, kContentType, kRange, kIfRange, kTransferEncoding, kTe, kExpect, kUpgrade,
    kAcceptEncoding, kVia, kAuthorization, kKeepAlive, kXForwardedFor, kXRealIp, kAccept, kAcceptLanguage, kDepth,
    kDestination, kOverwrite, kDate, kCookie, kProxyConnection, kServer, kLocation, kLastModified, kEtag,
    kCacheControl, kExpires, kSetCookie, kContentEncoding, kAcceptRanges, kWwwAuthenticate, kVary, kLink, kRefresh,
    kXAccelRedirect, kXAccelExpires, kXAccelLimitRate, kXAccelBuffering, kXAccelCharset, kXPad, kStatus, kTrailer,
    kProxyAuthenticate, kContentDisposition, kRetryAfter, kProxyAuthorization,
};

/// The well-known name of a header, whatever its case.
Name known_name(std::string_view name);

struct Header {
    std::string_view name;
    std::string_view value;
    Name known = Name::kOther;
    bool gone = false;  // taken out again
    /// It has its place and no line: an upstream that names no Server of its own, relayed as it is.
    bool silent() const { return !value.data(); }
};

class Headers {
public:
    explicit Headers(Arena& arena) : list_(arena) {}

    Header& add(std::string_view name, std::string_view value, Name known) {
        mask_ |= bit(known);
        return list_.push({name, value, known, false});
    }
    Header& add(std::string_view name, std::string_view value) { return add(name, value, known_name(name)); }

    /// The first header of that name, null when absent.
    const Header* find(Name name) const {
        if (!(mask_ & bit(name))) return nullptr;
        for (auto& h : list_)
            if (h.known == name && !h.gone) return &h;
        return nullptr;
    }
    Header* find(Name name) { return const_cast<Header*>(static_cast<const Headers*>(this)->find(name)); }
    std::string_view value(Name name) const {
        auto* h = find(name);
        return h ? h->value : std::string_view();
    }
    bool has(Name name) const { return find(name) != nullptr; }
    const Header* find(std::string_view name) const;

    /// Takes every header of that name out.
    void remove(Name name) {
        if (!(mask_ & bit(name))) return;
        for (auto& h : list_)
            if (h.known == name) h.gone = true;
    }
    void remove(std::string_view name) {
        for (auto& h : list_)
            if (iequals(h.name, name)) h.gone = true;
    }
    /// One header of that name with that value.
    void set(std::string_view name, std::string_view value, Name known) {
        remove(known);
        add(name, value, known);
    }

    auto begin() const { return list_.begin(); }
    auto end() const { return list_.end(); }
    auto begin() { return list_.begin(); }
    auto end() { return list_.end(); }
    std::size_t size() const { return list_.size(); }
    void clear() { list_.clear(), mask_ = 0; }
    void reset() { list_.reset(), mask_ = 0; }

private:
    static constexpr std::uint64_t bit(Name name) { return std::uint64_t{1} << static_cast<unsigned>(name); }
    List<Header> list_;
    std::uint64_t mask_ = 0;
};

}  // namespace bext::http
