// sub: replaces texts in a response. https://nginx.org/en/docs/http/ngx_http_sub_module.html
#include <unistd.h>

#include "http/builder.h"
#include "http/gzip_ok.h"
#include "modules/http/sub_search.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;
using sub::Patterns;

struct Pair {
    Expr match, replacement;
};

struct Conf {
    conf::Setting<std::vector<Pair>> pairs;
    conf::Setting<MediaTypes> types;
    conf::Setting<bool> once{true}, last_modified{false};

    std::shared_ptr<const std::vector<std::string_view>> texts;  // of the pairs, when none has variables
    std::shared_ptr<const Patterns> patterns;

    Status finish(const Conf&, Cursor& at) {
        if (auto bad = types->check(at)) return bad;
        auto found = std::make_shared<std::vector<std::string_view>>();
        for (auto& pair : *pairs) {
            if (!pair.match.constant()) return conf::ok();
            found->push_back(pair.match.source());
        }
        texts = found;
        if (!found->empty()) patterns = std::make_shared<Patterns>(*found);
        return conf::ok();
    }
};

/// What is looked for in one response.
struct Wanted {
    const Patterns* patterns = nullptr;
    const Expr** replacements = nullptr;
};

/// Patterns with variables are evaluated now; empty ones are left out.
Wanted wanted(Request& r, const Conf& conf) {
    auto count = conf.pairs->size();
    auto* replacements = static_cast<const Expr**>(r.arena.allocate(count * sizeof(const Expr*)));
    auto* texts = static_cast<std::string_view*>(r.arena.allocate(count * sizeof(std::string_view)));
    std::size_t used = 0;
    for (auto& pair : *conf.pairs) {
        auto text = pair.match.constant() ? std::string_view(pair.match.source()) : r.arena.copy(lower(pair.match.evaluate(r)));
        if (text.empty()) continue;
        new (&texts[used]) std::string_view(text);
        replacements[used++] = &pair.replacement;
    }
    if (used == 0) return {};
    auto* patterns = conf.patterns ? conf.patterns.get() : r.arena.make<Patterns>(std::span<const std::string_view>(texts, used));
    return {patterns, replacements};
}

class Replacer final : public BodyFilter, private sub::Search::Found {
public:
    Replacer(Request& r, const Wanted& wanted, bool once)
        : r_(r), wanted_(wanted), search_(*wanted.patterns, once, r.arena), out_(r.arena) {
        auto count = wanted.patterns->size();
        values_ = static_cast<std::string_view*>(r.arena.allocate(count * sizeof(std::string_view)));
        std::uninitialized_value_construct_n(values_, count);
    }

    bool pass(Request&, Chain& chain, bool last, bool) override {
        for (auto& piece : chain) {
            if (piece.in_memory()) search_.feed({piece.data, piece.size}, *this);
            else if (piece.is_place()) out_.push(piece);
            else if (!read(piece)) return false;
        }
        if (last) search_.end(*this);
        chain = out_;
        out_ = Chain(r_.arena);
        return true;
    }

private:
    static constexpr std::size_t kFileBuffer = 32768;
    static constexpr std::size_t kSmall = 1024;  // less is copied rather than sent as a part of the file

    bool read(const Piece& piece) {
        static thread_local std::unique_ptr<char[]> buffer(new char[kFileBuffer]);
        for (std::uint64_t at = 0; at < piece.size;) {
            file_ = Piece::file(piece.fd, piece.offset + static_cast<off_t>(at), 0);
            auto n = ::pread(piece.fd, buffer.get(), std::min<std::uint64_t>(piece.size - at, kFileBuffer), file_.offset);
            if (n <= 0) {
                r_.log(Level::kAlert, n < 0 ? "pread() failed" : "pread() read only 0 bytes: the file was truncated", n < 0 ? errno : 0);
                return false;
            }
            at += static_cast<std::uint64_t>(n);
            from_file_ = {buffer.get(), static_cast<std::size_t>(n)};
            search_.feed(from_file_, *this);
            from_file_ = {};
        }
        return true;
    }
    void text(std::string_view text) override {
        bool in_file = text.data() >= from_file_.data() && text.data() < from_file_.data() + from_file_.size();
        if (!in_file) out_.push(Piece::memory(text));
        else if (text.size() < kSmall) out_.push(Piece::memory(r_.arena.copy(text)));
        else out_.push(Piece::file(file_.fd, file_.offset + (text.data() - from_file_.data()), text.size()));
    }
    void match(std::size_t pattern) override {
        auto& value = values_[pattern];
        if (!value.data()) value = wanted_.replacements[pattern]->evaluate(r_);
        if (!value.empty()) out_.push(Piece::memory(value));
    }

    Request& r_;
    Wanted wanted_;
    sub::Search search_;
    Chain out_;
    std::string_view* values_;    // of the replacements, once they are needed
    std::string_view from_file_;  // what is being searched, when it was read from file_
    Piece file_;
};

std::optional<int> replace(Request& r) {
    auto& conf = r.conf<Conf>();
    auto& out = r.out;
    if (conf.pairs->empty() || out.content_length == 0 || !conf.types->contains(out.content_type)) return std::nullopt;
    auto what = wanted(r, conf);
    if (!what.patterns) return std::nullopt;
    r.add_filter(r.arena.make<Replacer>(r, what, *conf.once));
    r.in_slices = true;
    if (r.parent) return std::nullopt;
    out.clear_content_length();
    if (*conf.last_modified) {
        out.weaken_etag(r.arena);
    } else {
        out.clear_last_modified();
        out.clear_etag();
    }
    return std::nullopt;
}

Status add(Cursor& at, Conf& conf) {
    if (at.arg(1).empty()) return conf::refuse("empty search pattern");
    auto& pairs = conf.pairs.edit();
    if (pairs.size() == 255) return conf::refuse("number of search patterns exceeds 255");
    auto match = Expr::compile(lower(at.arg(1)), at.owner<Builder>());
    if (!match) return conf::refuse(match.error().text);
    auto replacement = Expr::compile(at.arg(2), at.owner<Builder>());
    if (!replacement) return conf::refuse(replacement.error().text);
    pairs.push_back({std::move(*match), std::move(*replacement)});
    return conf::ok();
}

Status types(Cursor& at, Conf& conf) { return MediaTypes::read(at, conf.types); }

constexpr conf::Directive kDirectives[] = {
    {"sub_filter", conf::kHttp, conf::kTwo, conf::call<add, &Conf::pairs>},
    {"sub_filter_types", conf::kHttp, conf::kOneOrMore, conf::call<types, &Conf::types>},
    {"sub_filter_once", conf::kHttp, conf::kFlag, conf::into<&Conf::once>},
    {"sub_filter_last_modified", conf::kHttp, conf::kFlag, conf::into<&Conf::last_modified>},
};

}  // namespace

extern constinit const Module sub_filter = {
    .name = "http_sub",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .header_filter = replace,
};

}  // namespace bext::http
