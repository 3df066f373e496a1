// core_variables: what $variables say of the request as it was received and routed (ngx_http_variables.c).
// https://nginx.org/en/docs/http/ngx_http_core_module.html#variables
#include <stdlib.h>
#include <unistd.h>

#include "base/digest.h"
#include "http/connection.h"
#include "http/core_conf.h"
#include "http/escape.h"
#include "http/header_values.h"
#include "http/module.h"
#include "http/site.h"
#include "modules/http/values.h"

namespace bext::http {
namespace {

Value values_of(Request& r, Name name) {
    if (compatible::joins_headers(r.site->nginx)) return joined_values(r.in, name, ", ", r.arena);
    auto* first = r.in.find(name);
    return first ? Value(first->value) : std::nullopt;
}

Value host_header(Request& r, std::string_view) { return values_of(r, Name::kHost); }
Value user_agent(Request& r, std::string_view) { return values_of(r, Name::kUserAgent); }
Value referer(Request& r, std::string_view) { return values_of(r, Name::kReferer); }
Value content_type(Request& r, std::string_view) { return values_of(r, Name::kContentType); }
Value cookies(Request& r, std::string_view) { return joined_values(r.in, Name::kCookie, "; ", r.arena); }
Value any_header(Request& r, std::string_view name) { return header_values(r, r.in, name, name == "x_forwarded_for"); }

Value content_length(Request& r, std::string_view) {
    if (auto* h = r.in.find(Name::kContentLength)) return h->value;
    if (r.content_length < 0) return std::nullopt;
    return number(r, static_cast<std::uint64_t>(r.content_length));
}

Value host(Request& r, std::string_view) { return r.host.empty() && r.server ? r.server->name() : r.host; }
Value request_port(Request& r, std::string_view) { return port(r, parse_decimal(r.host_port, 65535).value_or(0)); }
Value is_request_port(Request& r, std::string_view) { return parse_decimal(r.host_port, 65535).value_or(0) ? ":" : ""; }

Value request_line(Request& r, std::string_view) { return r.line.data() ? Value(r.line) : std::nullopt; }
Value protocol(Request& r, std::string_view) { return r.protocol.data() ? Value(r.protocol) : std::nullopt; }
Value method(Request& r, std::string_view) {
    return r.main.method_name.data() ? Value(r.main.method_name) : std::nullopt;
}
Value target(Request& r, std::string_view) { return r.target.data() ? Value(r.target) : std::nullopt; }
Value uri(Request& r, std::string_view) { return r.uri.data() ? Value(r.uri) : std::nullopt; }
Value args(Request& r, std::string_view) { return r.args.data() ? Value(r.args) : std::nullopt; }
Value is_args(Request& r, std::string_view) { return r.args.empty() ? "" : "?"; }

void set_args(Request& r, std::string_view value) {
    r.args = value;
    r.raw_uri_valid = false;
}

/// The value of `name=` in the arguments; the name's case does not matter (ngx_http_arg).
Value argument(Request& r, std::string_view name) {
    for (std::size_t at = 0; at < r.args.size();) {
        auto end = std::min(r.args.find('&', at), r.args.size());
        auto one = r.args.substr(at, end - at);
        if (one.size() > name.size() && one[name.size()] == '=' && istarts_with(one, name)) return one.substr(name.size() + 1);
        at = end + 1;
    }
    return std::nullopt;
}

Value cookie(Request& r, std::string_view name) { return cookie_value(r.in, name, compatible::cookies_end_at_commas(r.site->nginx)); }

Value document_root(Request& r, std::string_view) { return r.conf<Core>().root_for(r); }

Value realpath_root(Request& r, std::string_view) {
    auto root = r.arena.cat({r.conf<Core>().root_for(r), {"\0", 1}});
    char real[PATH_MAX];
    if (!::realpath(root.data(), real)) {
        r.log(Level::kCrit, r.arena.cat({"realpath() \"", root.substr(0, root.size() - 1), "\" failed"}), errno);
        return std::nullopt;
    }
    return r.arena.copy(real);
}

Value request_filename(Request& r, std::string_view) {
    auto path = r.path_of(r.uri);
    return path.data() ? Value(path) : std::nullopt;
}

Value server_name(Request& r, std::string_view) { return r.server ? r.server->name() : std::string_view(); }

/// The name in "Authorization: Basic …" (ngx_http_auth_basic_user).
Value remote_user(Request& r, std::string_view) {
    auto given = r.in.value(Name::kAuthorization);
    if (!istarts_with(given, "Basic ")) return std::nullopt;
    given = trim(given.substr(6), " ");
    auto text = decode_base64(given);
    if (!text) return std::nullopt;
    auto colon = text->find(':');
    if (colon == 0 || colon == text->npos) return std::nullopt;
    return r.arena.copy(std::string_view(*text).substr(0, colon));
}

Value request_length(Request& r, std::string_view) { return number(r, r.request_length); }

Value request_id(Request& r, std::string_view) {
    unsigned char bytes[16];
    if (!random_bytes(bytes, sizeof bytes)) return std::nullopt;
    return r.arena.copy(to_hex({reinterpret_cast<const char*>(bytes), sizeof bytes}));
}

Value request_body(Request& r, std::string_view) {
    auto& body = r.main.body;
    if (!body.read || r.bodiless || body.chain.empty()) return std::nullopt;
    std::string whole;
    for (auto& piece : body.chain) {
        if (!piece.in_memory()) return std::nullopt;
        if (body.chain.size() == 1) return std::string_view(piece.data, piece.size);
        whole.append(piece.data, piece.size);
    }
    return r.arena.copy(whole);
}

Value request_body_file(Request& r, std::string_view) {
    auto& body = r.main.body;
    if (!body.file_name.empty()) return body.file_name;
    if (!body.file) return std::nullopt;
    // A temporary file has no name of its own; this one lasts as long as the request.
    return r.arena.cat({"/proc/", std::to_string(::getpid()), "/fd/", std::to_string(body.file.get())});
}

Value limit_rate(Request& r, std::string_view) { return number(r, r.limit_rate); }

void set_limit_rate(Request& r, std::string_view value) {
    auto rate = conf::parse_size(value);
    if (!rate) return r.log(Level::kError, r.arena.cat({"invalid $limit_rate \"", value, "\""}));
    r.limit_rate = *rate;
    r.limit_rate_set = true;
}

constexpr Variable kVariables[] = {
    {"http_host", host_header},
    {"http_user_agent", user_agent},
    {"http_referer", referer},
    {"http_cookie", cookies},
    {"http_", any_header},
    {"content_length", content_length, false},
    {"content_type", content_type},
    {"host", host},
    {"request_port", request_port},
    {"is_request_port", is_request_port},
    {"request", request_line},
    {"request_method", method, false},
    {"request_uri", target},
    {"server_protocol", protocol},
    {"uri", uri, false},
    {"document_uri", uri, false},
    {"args", args, false, set_args, true},
    {"query_string", args, false},
    {"is_args", is_args, false},
    {"arg_", argument, false},
    {"cookie_", cookie},
    {"document_root", document_root, false},
    {"realpath_root", realpath_root, false},
    {"request_filename", request_filename, false},
    {"server_name", server_name},
    {"remote_user", remote_user},
    {"request_length", request_length, false},
    {"request_id", request_id},
    {"request_body", request_body},
    {"request_body_file", request_body_file},
    {"limit_rate", limit_rate, false, set_limit_rate, true},
};

}  // namespace

extern constinit const Module core_variables = {
    .name = "http_core",
    .variables = kVariables,
};

}  // namespace bext::http
