#include "upstream/variables.h"

#include "http/site.h"
#include "upstream/exchange.h"

namespace bext::upstream {
namespace {

using http::Request;
using Value = std::optional<std::string_view>;

/// One value per try: "a, b" within an exchange, "a : b" between two of them.
template <class Write>
Value per_try(Request& r, Write write) {
    if (!r.upstream || r.upstream->states().empty()) return std::nullopt;
    std::string out;
    bool first = true, separated = false;
    for (auto& state : r.upstream->states()) {
        if (state.separator) {
            separated = true;
            continue;
        }
        if (separated) out += " : ";
        else if (!first) out += ", ";
        first = separated = false;
        write(out, state);
    }
    return r.arena.copy(out);
}

Value addr(Request& r, std::string_view) {
    return per_try(r, [](std::string& out, const State& s) { out += s.peer; });
}

Value status(Request& r, std::string_view) {
    return per_try(r, [](std::string& out, const State& s) { s.status ? void(out += std::to_string(s.status)) : void(out += '-'); });
}

template <auto M>
Value time(Request& r, std::string_view) {
    return per_try(r, [](std::string& out, const State& s) {
        auto ms = s.*M;
        if (ms == -1) {
            out += '-';
            return;
        }
        char text[32];
        auto n = snprintf(text, sizeof text, "%lld.%03d", static_cast<long long>(ms / 1000), static_cast<int>(ms % 1000));
        out.append(text, static_cast<std::size_t>(n));
    });
}

template <auto M>
Value count(Request& r, std::string_view) {
    return per_try(r, [](std::string& out, const State& s) { out += std::to_string(s.*M); });
}

/// Whether a header's name is the variable's `rest`: lower case, dashes as underscores.
bool named(std::string_view header, std::string_view rest) {
    if (header.size() != rest.size()) return false;
    for (std::size_t i = 0; i < rest.size(); ++i) {
        char c = to_lower(header[i]);
        if ((c == '-' ? '_' : c) != rest[i]) return false;
    }
    return true;
}

Value joined_values(Request& r, const http::Headers& headers, std::string_view rest) {
    std::optional<std::string_view> out;
    for (auto& h : headers) {
        if (h.gone || !named(h.name, rest)) continue;
        out = out ? r.arena.cat({*out, ", ", h.value}) : h.value;
        if (!compatible::joins_headers(r.site->nginx)) break;
    }
    return out;
}

Value header(Request& r, std::string_view rest) {
    if (!r.upstream) return std::nullopt;
    return joined_values(r, r.upstream->in.headers, rest);
}

Value trailer(Request& r, std::string_view rest) {
    if (!r.upstream) return std::nullopt;
    return joined_values(r, r.upstream->in.trailers, rest);
}

Value cookie(Request& r, std::string_view rest) {
    if (!r.upstream) return std::nullopt;
    for (auto& h : r.upstream->in.headers) {
        if (h.known != http::Name::kSetCookie || h.value.size() <= rest.size() || !istarts_with(h.value, rest)) continue;
        auto value = h.value.substr(rest.size());
        while (value.starts_with(' ')) value.remove_prefix(1);
        if (!value.starts_with('=')) continue;
        value.remove_prefix(1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        return value.substr(0, value.find(';'));
    }
    return std::nullopt;
}

Value none(Request&, std::string_view) { return std::nullopt; }

constexpr http::Variable kVariables[] = {
    {"upstream_addr", addr, false},
    {"upstream_status", status, false},
    {"upstream_connect_time", time<&State::connect_ms>, false},
    {"upstream_header_time", time<&State::header_ms>, false},
    {"upstream_response_time", time<&State::response_ms>, false},
    {"upstream_response_length", count<&State::response_length>, false},
    {"upstream_bytes_received", count<&State::bytes_received>, false},
    {"upstream_bytes_sent", count<&State::bytes_sent>, false},
    {"upstream_cache_status", none, false},
    {"upstream_last_server_name", none, false},
    {"upstream_http_", header, false},
    {"upstream_trailer_", trailer, false},
    {"upstream_cookie_", cookie, false},
};

}  // namespace

std::span<const http::Variable> variables() { return kVariables; }

}  // namespace bext::upstream
