#include "http/expr.h"

#include "http/builder.h"
#include "http/escape.h"
#include "http/request.h"

namespace bext::http {
namespace {

bool name_char(char c) { return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || is_digit(c) || c == '_'; }

struct Reference {
    std::string_view name;
    std::size_t size;           // bytes of source after the '$'
    std::uint32_t capture = 0;  // 1 … 9 instead of a name
};

/// What follows a '$'; an error has nginx's text.
Result<Reference> reference(std::string_view rest) {
    if (rest.empty()) return Error{"invalid variable name"};
    if (rest[0] >= '1' && rest[0] <= '9') return Reference{{}, 1, static_cast<std::uint32_t>(rest[0] - '0')};
    bool braces = rest[0] == '{';  // "${1}" is a variable
    std::size_t from = braces ? 1 : 0, end = from;
    while (end < rest.size() && name_char(rest[end])) ++end;
    auto name = rest.substr(from, end - from);
    if (braces) {
        if (end == rest.size() || rest[end] != '}')
            return Error{cat({"the closing bracket in \"", name, "\" variable is missing"})};
        ++end;
    }
    if (name.empty()) return Error{"invalid variable name"};
    return Reference{name, end, 0};
}

}  // namespace

Expr Expr::literal(std::string text) {
    Expr expr;
    expr.source_ = text;
    if (!text.empty()) expr.parts_.push_back({Part::Kind::kText, 0, std::move(text)});
    return expr;
}

Result<Expr> Expr::compile(std::string_view text, Builder& builder, bool captures) {
    Expr expr;
    expr.source_ = text;
    std::string plain;
    auto flush = [&] {
        if (!plain.empty()) expr.parts_.push_back({Part::Kind::kText, 0, std::move(plain)});
        plain.clear();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '$') {
            plain += text[i];
            continue;
        }
        auto ref = reference(text.substr(i + 1));
        if (!ref) return ref.error();
        i += ref->size;
        flush();
        if (ref->capture) {
            if (!captures) return Error{"using numeric captures is not allowed here"};
            expr.parts_.push_back({Part::Kind::kCapture, ref->capture, {}});
        } else {
            expr.parts_.push_back({Part::Kind::kVariable, builder.variable(ref->name), {}});
        }
    }
    flush();
    return expr;
}

bool Expr::uses_captures() const {
    for (auto& part : parts_)
        if (part.kind == Part::Kind::kCapture) return true;
    return false;
}

std::string_view Expr::part(Request& request, const Part& part, bool quote) const {
    switch (part.kind) {
        case Part::Kind::kText: return part.text;
        case Part::Kind::kCapture: {
            auto text = request.captures[part.number];
            bool escaped = quote && (request.quoted_uri || request.plus_in_uri);
            return escaped ? escape(Escape::kArgs, text, request.arena) : text;
        }
        case Part::Kind::kVariable: break;
    }
    return request.variable(part.number).value_or(std::string_view());
}

std::string_view Expr::evaluate(Request& request, bool quote) const {
    if (parts_.empty()) return {"", 0};
    if (parts_.size() == 1) return part(request, parts_[0], quote);
    constexpr std::size_t kMost = 32;
    std::string_view values[kMost];
    std::size_t size = 0;
    if (parts_.size() > kMost) {
        std::string whole;
        for (auto& p : parts_) whole.append(part(request, p, quote));
        return request.arena.copy(whole);
    }
    // Captures come last, as in nginx: a variable's own regex may have taken their place.
    for (bool captures : {false, true})
        for (std::size_t i = 0; i < parts_.size(); ++i)
            if ((parts_[i].kind == Part::Kind::kCapture) == captures) size += (values[i] = part(request, parts_[i], quote)).size();
    char* out = request.arena.bytes(size + 1);
    char* p = out;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        if (!values[i].empty()) std::memcpy(p, values[i].data(), values[i].size());
        p += values[i].size();
    }
    return {out, size};
}

conf::Status read_size(conf::Cursor& at, conf::Setting<Expr>& out) {
    if (out.is_set()) return conf::directive_is("is duplicate");
    Expr value;
    if (auto bad = conf::Parse<Expr>::from(at, value)) return bad;
    if (value.constant() && !conf::parse_size(at.arg(1))) return conf::directive_is("invalid value");
    out.set(std::move(value));
    return conf::ok();
}

}  // namespace bext::http

namespace bext::conf {
Status Parse<http::Expr>::from(Cursor& at, http::Expr& out) {
    auto expr = http::Expr::compile(at.arg(1), at.owner<http::Builder>());
    if (!expr) return refuse(expr.error().text);
    out = std::move(*expr);
    return ok();
}
}  // namespace bext::conf
