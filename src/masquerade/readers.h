// Readers: what other programs look for in nginx's words, with their own expressions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bext::masquerade {

/// The version as certbot and puppet find it in what `nginx -v` writes to stderr.
std::optional<std::string> version_read(const std::string& text);

/// What certbot misses in what `nginx -V` writes to stderr; "" when it finds everything.
std::string missing_in_configure(const std::string& text);

/// The three readings of a stub_status page by exporters (netdata's and munin's expressions, the Prometheus exporter's
/// template); the name of the first one that fails, "" when all succeed.
std::string unread_status(const std::string& body);

/// Where a page of stub_status is asked for.
struct StatusPage {
    std::string address = "127.0.0.1";  // a listen of its server without TLS, as one can connect to it
    std::string port = "80";
    std::string host;                   // a name of its server; "" when it has none
    std::string path;

    bool operator==(const StatusPage&) const = default;
};

/// The pages in what `nginx -T` prints, except those that only TLS or a unix socket leads to, or a regular expression names.
std::vector<StatusPage> status_pages(std::string_view dump);

}  // namespace bext::masquerade
