// Answers with every filter of a body on, and a strict reader of them: what a request or a status forbids has no body, and no length
// is wrong (RFC 9112, section 6.3).
#pragma once

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/wire_site.h"

namespace bext::tests {

inline constexpr std::string_view kPaths[] = {"/200", "/204", "/304", "/404", "/301", "/as204", "/as304", "/empty", "/long", "/filters/200",
                                       "/filters/204", "/filters/304", "/filters/404", "/filters/as204", "/filters/long", "/gif"};

inline std::string body_locations(std::string_view at, std::string_view filters) {
    std::string text;
    auto add = [&](std::string_view name, std::string_view body) { text += cat({"location = ", at, name, " { ", filters, " ", body, " } "}); };
    add("/200", "return 200 \"a text that is here\";");
    add("/204", "return 204 \"nobody sees it\";");
    add("/304", "return 304;");
    add("/404", "return 404;");
    add("/301", "return 301 /x;");
    add("/as204", "error_page 404 =204 /200; return 404;");
    add("/as304", "error_page 404 =304 /200; return 404;");
    add("/empty", "return 200;");
    add("/long", cat({"return 200 \"", std::string(3000, 'e'), "\";"}));
    return text;
}

/// Each filter of the modules is on in it.
inline std::string every_filter() {
    return "events { worker_connections 64; } error_log /dev/null crit; http { access_log off; gzip on; gzip_min_length 1; gzip_types *; "
           "keepalive_requests 100000; charset_map koi8-r utf-8 { 80 E282AC; } server { listen 80; location = /gif { empty_gif; } location = /before { return 200 b; } " +
           body_locations("", "") +
           body_locations("/filters", "ssi on; ssi_types *; sub_filter e E; sub_filter_types *; sub_filter_once off; add_before_body /before; add_after_body /before; "
                                 "addition_types *; charset koi8-r; source_charset utf-8; charset_types *; add_trailer X-T t; add_header X-H h; userid on;") +
           "} }";
}

/// A request: which path, and its options in bits.
struct Asked {
    Asked(std::uint8_t path, std::uint8_t bits) : path(kPaths[path % std::size(kPaths)]), head(bits & 1), old(bits & 2), gzip(bits & 4), last(bits & 8), range(bits & 16), since(bits & 32) {}
    std::string text() const {
        return cat({head ? "HEAD " : "GET ", path, old ? " HTTP/1.0" : " HTTP/1.1", "\r\nHost: h\r\n", gzip ? "Accept-Encoding: gzip\r\n" : "",
                    range ? "Range: bytes=1-2\r\n" : "", since ? "If-Modified-Since: Sat, 03 Feb 2024 04:05:06 GMT\r\n" : "",
                    last ? "Connection: close\r\n" : old ? "Connection: keep-alive\r\n" : "", "\r\n"});
    }

    std::string_view path;
    bool head, old, gzip, last, range, since;
};

/// Takes one answer off the front. What is wrong with it, or nothing.
inline std::string_view take_answer(std::string_view& rest, const Asked& asked) {
    auto end = rest.find("\r\n\r\n");
    if (!rest.starts_with("HTTP/1.1 ") || end == rest.npos) return "not an answer";
    auto head = rest.substr(0, end + 2);
    rest.remove_prefix(end + 4);
    int status = std::atoi(std::string(head.substr(9, 3)).c_str());
    if (asked.head || status == 204 || status == 304 || status < 200) return {};
    if (auto at = head.find("\r\nContent-Length: "); at != head.npos) {
        auto length = static_cast<std::size_t>(std::atoll(std::string(head.substr(at + 18, 20)).c_str()));
        if (rest.size() < length) return "the body is shorter than its length";
        rest.remove_prefix(length);
        return {};
    }
    if (head.find("\r\nTransfer-Encoding: chunked\r\n") == head.npos) {
        if (!asked.old) return "an answer whose end nobody knows";
        rest = {};
        return {};
    }
    for (;;) {
        auto line = rest.find("\r\n");
        if (line == rest.npos) return "a chunk without its size";
        auto size = static_cast<std::size_t>(std::strtoull(std::string(rest.substr(0, line)).c_str(), nullptr, 16));
        rest.remove_prefix(line + 2);
        if (size == 0) break;
        if (rest.size() < size + 2 || rest.substr(size, 2) != "\r\n") return "a chunk that does not end";
        rest.remove_prefix(size + 2);
    }
    for (;;) {  // trailers, and the empty line
        auto line = rest.find("\r\n");
        if (line == rest.npos) return "trailers that do not end";
        rest.remove_prefix(line + 2);
        if (line == 0) return {};
    }
}

/// Sends all of `asked` on one connection and reads the answers, strictly. What is wrong with them, or nothing; `shown` has them.
inline std::string_view serve_all(WireSite& site, std::span<const Asked> asked, std::string& shown) {
    std::string requests;
    for (auto& one : asked) requests += one.text();
    auto client = site.connect();
    std::size_t sent = 0;
    bool open = true;
    for (int turns = 0; open && turns < 4000; ++turns) {
        if (sent < requests.size()) sent += write_some(client.get(), std::string_view(requests).substr(sent));
        else ::shutdown(client.get(), SHUT_WR);
        site.turn();
        open = read_all(client.get(), shown);
    }
    if (open) return "the connection does not end";
    std::string_view rest = shown;
    for (auto& one : asked) {
        if (rest.empty()) break;  // the server may end a connection behind any answer
        if (auto wrong = take_answer(rest, one); !wrong.empty()) return wrong;
    }
    return rest.empty() ? std::string_view() : "bytes behind the last answer";
}

}  // namespace bext::tests
