// fastcgi, the way out: begin, parameters, standard input (ngx_http_fastcgi_create_request).
#include "http/site.h"
#include "modules/http/fastcgi.h"

namespace bext::http::fastcgi {
namespace {

constexpr std::size_t kBeginSize = 2 * kRecordHead;

/// Writes into memory of known size.
struct Writer {
    char* p;
    void put(std::string_view text) {
        if (!text.empty()) std::memcpy(p, text.data(), text.size());
        p += text.size();
    }
    void byte(std::size_t value) { *p++ = static_cast<char>(value & 0xff); }
    void length(std::size_t size) {
        if (size > 127) {
            byte(size >> 24 | 0x80);
            byte(size >> 16);
            byte(size >> 8);
        }
        byte(size);
    }
    void head(RecordType type, std::size_t size, std::size_t padding) {
        byte(1);
        byte(type);
        byte(0);
        byte(1);
        byte(size >> 8);
        byte(size);
        byte(padding);
        byte(0);
    }
    void zeros(std::size_t count) {
        std::memset(p, 0, count);
        p += count;
    }
};

std::size_t padding_of(std::size_t size) { return (8 - size % 8) % 8; }
std::size_t pair_size(std::size_t name, std::size_t value) { return (name > 127 ? 4 : 1) + (value > 127 ? 4 : 1) + name + value; }

struct Pair {
    std::string_view name, value;
    bool header;  // the name is a client header's
};

/// HTTP_ parameter names: upper case, dashes as underscores.
char header_char(char c) { return c == '-' ? '_' : to_upper(c); }

std::string_view plain_name(Request& r, std::string_view name) {
    char* out = r.arena.bytes(name.size());
    for (std::size_t i = 0; i < name.size(); ++i) out[i] = name[i] == '-' ? '_' : to_lower(name[i]);
    return {out, name.size()};
}

/// Repeated headers are one parameter: values joined with a comma, cookies with a semicolon.
void add_header(Request& r, List<Pair>& pairs, std::size_t first, const Header& h) {
    for (std::size_t i = compatible::joins_headers(r.site->nginx) ? first : pairs.size(); i < pairs.size(); ++i) {
        if (!iequals(pairs[i].name, h.name)) continue;
        pairs[i].value = r.arena.cat({pairs[i].value, h.known == Name::kCookie ? "; " : ", ", h.value});
        return;
    }
    pairs.push({h.name, h.value, true});
}

void collect(Request& r, const Fastcgi& conf, List<Pair>& pairs) {
    if (conf.sent)
        for (auto& param : *conf.sent) {
            auto value = param.value.evaluate(r);
            if (!value.empty() || !param.skip_empty) pairs.push({param.name, value, false});
        }
    if (!*conf.pass_request_headers) return;
    auto first = pairs.size();
    for (auto& h : r.main.in)
        if (!h.gone && !conf.replaced.contains(plain_name(r, h.name))) add_header(r, pairs, first, h);
}

std::string_view record(Arena& arena, RecordType type, std::size_t size) {
    char* head = arena.bytes(kRecordHead);
    Writer w{head};
    w.head(type, size, padding_of(size));
    return {head, kRecordHead};
}

constexpr char kZeros[8] = {};

/// A piece of standard input as records of at most 32 KiB.
void push_input(Arena& arena, Piece piece, Chain& out) {
    while (piece.size) {
        auto part = piece;
        part.size = std::min<std::uint64_t>(piece.size, kLargestRecord);
        out.push(Piece::memory(record(arena, kStdin, part.size)));
        out.push(part);
        if (auto padding = padding_of(part.size)) out.push(Piece::memory({kZeros, padding}));
        piece.size -= part.size;
        if (piece.in_memory()) piece.data += part.size;
        else piece.offset += static_cast<off_t>(part.size);
    }
}

}  // namespace

bool Call::create(upstream::Exchange& x) {
    auto& r = x.request;
    List<Pair> pairs(r.arena);
    collect(r, conf_, pairs);
    std::size_t size = 0;
    for (auto& pair : pairs) size += pair_size(pair.name.size() + (pair.header ? 5 : 0), pair.value.size());
    if (size > 65535) return x.log(Level::kAlert, cat({"fastcgi request record is too big: ", std::to_string(size)})), false;
    auto padding = padding_of(size);
    char* begin = r.arena.bytes(kBeginSize + kRecordHead + size + padding + kRecordHead);
    Writer w{begin};
    w.head(kBegin, 8, 0);
    w.byte(0);
    w.byte(1);  // responder
    w.byte(*conf_.keep_conn ? 1 : 0);
    w.zeros(5);
    w.head(kParams, size, padding);
    for (auto& pair : pairs) {
        w.length(pair.name.size() + (pair.header ? 5 : 0));
        w.length(pair.value.size());
        if (pair.header) {
            w.put("HTTP_");
            for (char c : pair.name) *w.p++ = header_char(c);
        } else {
            w.put(pair.name);
        }
        w.put(pair.value);
    }
    w.zeros(padding);
    w.head(kParams, 0, 0);
    x.outgoing.push(Piece::memory({begin, static_cast<std::size_t>(w.p - begin)}));
    if (x.streams_body()) return true;
    if (*conf_.pass_request_body && !r.bodiless)
        for (auto& piece : r.main.body.chain) push_input(r.arena, piece, x.outgoing);
    x.outgoing.push(Piece::memory(record(r.arena, kStdin, 0)));
    return true;
}

void Call::frame(upstream::Exchange& x, std::string_view bytes, bool last, Chain& out) {
    push_input(x.request.arena, Piece::memory(bytes), out);
    if (last) out.push(Piece::memory(record(x.request.arena, kStdin, 0)));
}

}  // namespace bext::http::fastcgi
