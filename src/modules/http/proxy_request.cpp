// proxy, the way out: the request that the peer is sent (ngx_http_proxy_create_request).
#include "http/escape.h"
#include "modules/http/proxy.h"

namespace bext::http::proxy {
namespace {

struct Writer {
    char* p;
    void put(std::string_view text) {
        if (!text.empty()) std::memcpy(p, text.data(), text.size());
        p += text.size();
    }
    void header(std::string_view name, std::string_view value) {
        put(name);
        put(": ");
        put(value);
        put("\r\n");
    }
};

}  // namespace

/// The target of the request line: the client's own, or with the location's part replaced.
std::string_view Call::make_uri(Request& r) const {
    if (!conf_.pass->target.empty() && !uri.empty()) return uri;
    auto& main = r.main;
    if (uri.empty() && r.raw_uri_valid && &r == &main) return r.target;
    std::size_t cut = r.location_valid && !uri.empty() ? std::min(conf_.pass->location.size(), r.uri.size()) : 0;
    auto rest = r.uri.substr(cut);
    if (r.quoted_uri || r.internal) rest = escape(Escape::kUri, rest, r.arena);
    return r.arena.cat({r.location_valid ? uri : std::string_view(), rest, r.args.empty() ? "" : "?", r.args});
}

/// Request line and header fields.
std::string_view Call::make_head(Request& r, std::string_view method, std::string_view target) {
    auto& set = *conf_.headers;
    auto host_value = !set.host_first ? std::string_view() : set.host_given ? set.host.evaluate(r) : host_header;
    if (host_value.empty() && set.host_first && *conf_.http_version >= 1001) host_value = host_header;
    auto count = set.fields.size();
    auto* values = static_cast<std::string_view*>(r.arena.allocate((count ? count : 1) * sizeof(std::string_view), alignof(std::string_view)));
    std::size_t size = method.size() + target.size() + host_value.size() + 64;
    for (std::size_t i = 0; i < count; ++i) {
        auto& field = set.fields[i];
        std::string_view value;
        switch (field.kind) {
            case RequestHeaders::Kind::kExpr: value = field.value.evaluate(r); break;
            case RequestHeaders::Kind::kHost: value = host_header; break;
            case RequestHeaders::Kind::kClose: value = "close"; break;
            case RequestHeaders::Kind::kChunked: value = chunked ? "chunked" : ""; break;
            case RequestHeaders::Kind::kBodyLength:
                if (body_length < 0) break;
                char* digits = r.arena.bytes(20);
                value = {digits, static_cast<std::size_t>(put_decimal(digits, static_cast<std::uint64_t>(body_length)) - digits)};
                break;
        }
        new (&values[i]) std::string_view(value);
        if (!value.empty()) size += field.name.size() + value.size() + 4;
    }
    bool pass = *conf_.pass_request_headers;
    if (pass)
        for (auto& h : r.main.in) size += h.name.size() + h.value.size() + 4;
    char* begin = r.arena.bytes(size);
    Writer w{begin};
    w.put(method);
    w.put(" ");
    w.put(target);
    w.put(*conf_.http_version >= 1001 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
    if (!host_value.empty()) w.header("Host", host_value);
    for (std::size_t i = 0; i < count; ++i)
        if (!values[i].empty()) w.header(set.fields[i].name, values[i]);
    if (pass)
        for (auto& h : r.main.in)
            if (!h.gone && !set.names.contains(h.name)) w.header(h.name, h.value);
    w.put("\r\n");
    return {begin, static_cast<std::size_t>(w.p - begin)};
}

bool Call::create(upstream::Exchange& x) {
    auto& r = x.request;
    auto& main = r.main;
    auto method = conf_.method->empty() ? r.method_name : conf_.method->evaluate(r);
    head_ = iequals(method, "HEAD");
    x.uri = make_uri(r);
    if (x.uri.empty()) return x.log(Level::kError, "zero length URI to proxy"), false;
    std::string_view body;
    if (!conf_.body->empty()) {
        body = conf_.body->evaluate(r);
        body_length = static_cast<std::int64_t>(body.size());
    } else if (main.chunked_body) {
        chunked = x.streams_body();
        body_length = chunked ? -1 : static_cast<std::int64_t>(main.body.size);
    } else {
        body_length = main.content_length;
    }
    x.outgoing.push(Piece::memory(make_head(r, method, x.uri)));
    if (x.streams_body()) return true;
    if (!body.empty()) x.outgoing.push(Piece::memory(body));
    else if (conf_.body->empty() && *conf_.pass_request_body && !r.bodiless)
        for (auto& piece : main.body.chain) x.outgoing.push(piece);
    return true;
}

void Call::frame(upstream::Exchange& x, std::string_view bytes, bool last, Chain& out) {
    if (chunked && !bytes.empty()) {
        char* head = x.request.arena.bytes(http1::kChunkHeader);
        out.push(Piece::memory({head, static_cast<std::size_t>(http1::write_chunk_header(head, bytes.size()) - head)}));
    }
    if (!bytes.empty()) out.push(Piece::memory(bytes));
    if (!chunked) return;
    if (!bytes.empty()) out.push(Piece::memory("\r\n"));
    if (last) out.push(Piece::memory("0\r\n\r\n"));
}

}  // namespace bext::http::proxy
