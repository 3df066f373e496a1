// Expr: a string with variables and captures, compiled once. It is evaluated in one pass into one string: nginx's
// length-then-copy evaluation is where several of its memory errors came from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "conf/into.h"

namespace bext::http {

class Builder;
class Request;

class Expr {
public:
    Expr() = default;
    /// `captures`: whether $1 … $9 are allowed (they are where a regex may have matched).
    static Result<Expr> compile(std::string_view text, Builder& builder, bool captures = true);
    static Expr literal(std::string text);

    bool empty() const { return parts_.empty(); }
    bool constant() const { return parts_.empty() || (parts_.size() == 1 && parts_[0].kind == Part::Kind::kText); }
    /// The text as it stands in the configuration.
    const std::string& source() const { return source_; }

    /// The value; in the request's arena unless it is constant.
    /// `quote`: captures are escaped as arguments when the client's URI had escapes (rewrite).
    std::string_view evaluate(Request& request, bool quote = false) const;
    /// nothing when the expression is one variable that does not exist in this request.
    bool operator==(const Expr& other) const { return source_ == other.source_; }
    bool uses_captures() const;

private:
    struct Part {
        enum class Kind : std::uint8_t { kText, kVariable, kCapture };
        Kind kind;
        std::uint32_t number = 0;  // variable or capture
        std::string text;
    };
    std::string_view part(Request& request, const Part& part, bool quote) const;

    std::string source_;
    std::vector<Part> parts_;
};

/// A size, or an expression that gives one (ngx_http_set_complex_value_size_slot).
conf::Status read_size(conf::Cursor& at, conf::Setting<Expr>& out);

}  // namespace bext::http

template <>
struct bext::conf::Parse<bext::http::Expr> {
    static Status from(Cursor& at, bext::http::Expr& out);
};
