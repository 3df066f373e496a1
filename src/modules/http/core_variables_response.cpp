// core_variables_response: what $variables say of the answer: its status, headers, sizes and times.
// https://nginx.org/en/docs/http/ngx_http_core_module.html#variables
#include "http/core_conf.h"
#include "http/dates.h"
#include "http/header_values.h"
#include "http/module.h"
#include "http/progress.h"
#include "modules/http/values.h"

namespace bext::http {
namespace {

Value bytes(Request& r, std::string_view) { return number(r, bytes_sent(r)); }
Value body_bytes(Request& r, std::string_view) { return number(r, body_bytes_sent(r)); }

Value status(Request& r, std::string_view) {
    char text[20];
    return r.arena.copy({text, static_cast<std::size_t>(put_status(text, r) - text)});
}

Value request_time(Request& r, std::string_view) {
    char text[32];
    return r.arena.copy({text, static_cast<std::size_t>(put_seconds(text, elapsed_ms(r)) - text)});
}

Value completion(Request& r, std::string_view) { return r.main.ended && !r.main.aborted ? "OK" : ""; }

Value sent_content_type(Request& r, std::string_view) {
    return r.out.content_type.empty() ? std::nullopt : Value(r.out.whole_type());
}

Value sent_content_length(Request& r, std::string_view) {
    if (auto* h = r.out.headers.find(Name::kContentLength)) return h->value;
    if (r.out.content_length < 0) return std::nullopt;
    return number(r, static_cast<std::uint64_t>(r.out.content_length));
}

Value sent_location(Request& r, std::string_view) {
    if (!r.out.location_sent.empty()) return r.out.location_sent;
    return joined_values(r.out.headers, "location", ", ", r.arena);
}

Value sent_last_modified(Request& r, std::string_view) {
    if (auto* h = r.out.headers.find(Name::kLastModified)) return h->value;
    if (r.out.last_modified < 0) return std::nullopt;
    char* text = r.arena.bytes(kHttpDate);
    put_http_date(text, r.out.last_modified);
    return std::string_view(text, kHttpDate);
}

Value sent_connection(Request& r, std::string_view) {
    if (r.out.status == 101) return "upgrade";
    return r.keepalive ? "keep-alive" : "close";
}

Value sent_keep_alive(Request& r, std::string_view) {
    auto seconds = r.conf<Client>().keepalive_header->count();
    if (!r.keepalive || !seconds) return std::nullopt;
    return r.arena.cat({"timeout=", std::to_string(seconds)});
}

Value sent_transfer_encoding(Request& r, std::string_view) { return r.out.chunked ? Value("chunked") : std::nullopt; }

Value sent_header(Request& r, std::string_view name) {
    return header_values(r, r.out.headers, name, name == "cache_control" || name == "link");
}

Value sent_trailer(Request& r, std::string_view name) {
    return r.out.trailers ? header_values(r, *r.out.trailers, name) : std::nullopt;
}

constexpr Variable kVariables[] = {
    {"status", status, false},
    {"bytes_sent", bytes},
    {"body_bytes_sent", body_bytes},
    {"request_time", request_time, false},
    {"request_completion", completion},
    {"sent_http_content_type", sent_content_type},
    {"sent_http_content_length", sent_content_length},
    {"sent_http_location", sent_location},
    {"sent_http_last_modified", sent_last_modified},
    {"sent_http_connection", sent_connection},
    {"sent_http_keep_alive", sent_keep_alive},
    {"sent_http_transfer_encoding", sent_transfer_encoding},
    {"sent_http_", sent_header},
    {"sent_trailer_", sent_trailer},
};

}  // namespace

extern constinit const Module core_variables_response = {
    .name = "http_core",
    .variables = kVariables,
};

}  // namespace bext::http
