// NginxVersion: the nginx whose defaults and behaviour a configuration was written for, and the one place that says what depends on it.
// docs/nginx-versions.md has a row for each of these functions, with its source in nginx's changes.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bext {

struct NginxVersion {
    static constexpr int kLast = 999;  // a patch that was not said: the last one of its series

    int major = 0, minor = 0, patch = 0;

    constexpr auto operator<=>(const NginxVersion&) const = default;

    /// "1.22", "1.22.1" or "nginx/1.22.1", what follows a space left out; "newest" is kNewest. Nothing for anything else.
    static std::optional<NginxVersion> parse(std::string_view text);
    /// "1.22.1", or "1.22" for a whole series.
    std::string text() const;
};

/// What is followed when nothing says otherwise.
inline constexpr NginxVersion kNewestNginx{1, 31, 5};
/// Older ones are treated as this one, newer ones as the one above.
inline constexpr NginxVersion kOldestNginx{1, 18, 0};

/// What is followed for an nginx of version `v`.
constexpr NginxVersion followed(NginxVersion v) { return v < kOldestNginx ? kOldestNginx : v > kNewestNginx ? kNewestNginx : v; }

/// What a version decides. Each is true, or the value, from the version on that is named in it.
namespace compatible {

// Defaults.
constexpr std::uint32_t proxy_http_version(NginxVersion v) { return v >= NginxVersion{1, 29, 7} ? 1001 : 1000; }
constexpr bool keeps_upstream_connections(NginxVersion v) { return v >= NginxVersion{1, 29, 7}; }  // `keepalive` of an upstream block
constexpr bool allows_tls10(NginxVersion v) { return v < NginxVersion{1, 27, 3}; }                 // and 1.1, in ssl_protocols
constexpr bool allows_tls13(NginxVersion v) { return v >= NginxVersion{1, 23, 4}; }
constexpr std::int64_t keepalive_requests(NginxVersion v) { return v >= NginxVersion{1, 19, 10} ? 1000 : 100; }
constexpr bool limits_keepalive_time(NginxVersion v) { return v >= NginxVersion{1, 19, 10}; }

// What an upstream is sent.
constexpr bool asks_upstream_to_close(NginxVersion v) { return v < NginxVersion{1, 29, 7}; }     // "Connection: close" by default
constexpr bool drops_proxy_connection(NginxVersion v) { return v >= NginxVersion{1, 31, 0}; }
constexpr bool always_sends_host(NginxVersion v) { return v >= NginxVersion{1, 31, 4}; }         // and first, to HTTP/1.1 upstreams
constexpr bool always_sends_http_host(NginxVersion v) { return v >= NginxVersion{1, 29, 5}; }    // HTTP_HOST of FastCGI
constexpr bool joins_headers(NginxVersion v) { return v >= NginxVersion{1, 23, 0}; }             // of one name, in parameters and variables

// What of an upstream's answer is taken.
constexpr bool refuses_doubtful_framing(NginxVersion v) { return v >= NginxVersion{1, 23, 0}; }

// What a client sees.
constexpr bool serves_ranges_of_packed_files(NginxVersion v) { return v >= NginxVersion{1, 23, 4}; }
constexpr bool keeps_all_challenges(NginxVersion v) { return v >= NginxVersion{1, 23, 0}; }      // WWW-Authenticate of auth_request
constexpr bool cookies_end_at_commas(NginxVersion v) { return v < NginxVersion{1, 29, 6}; }
constexpr bool takes_protocols_by_name(NginxVersion v) { return v >= NginxVersion{1, 29, 2}; }   // ssl_protocols of a server that is not the default
constexpr bool refuses_unknown_alpn(NginxVersion v) { return v >= NginxVersion{1, 21, 4}; }

// What -t says.
constexpr bool deprecates_listen_http2(NginxVersion v) { return v >= NginxVersion{1, 25, 1}; }
constexpr bool refuses_keepalive_zero(NginxVersion v) { return v < NginxVersion{1, 29, 7}; }
constexpr bool warns_of_redefined_protocols(NginxVersion v) { return v >= NginxVersion{1, 23, 4}; }

}  // namespace compatible

}  // namespace bext
