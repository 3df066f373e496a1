// Fuzz target: expressions, regular expressions and the rewrite script. The oracles: a slow model of expansion, captures
// that lie inside of their subject, and a script that gives two like requests the same answer.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "http/builder.h"
#include "http/expr.h"
#include "support/memory_site.h"

namespace {

using namespace bext;

void require(bool condition) {
    if (!condition) std::abort();
}

/// An input is these lines, in this order.
struct Input {
    std::string uri, args, regex, replacement, flag, expression;
};

Input lines_of(std::string_view bytes) {
    Input in;
    std::string* fields[] = {&in.uri, &in.args, &in.regex, &in.replacement, &in.flag, &in.expression};
    for (auto* field : fields) {
        auto end = bytes.find('\n');
        *field = bytes.substr(0, end);
        bytes = end == bytes.npos ? std::string_view() : bytes.substr(end + 1);
    }
    return in;
}

std::string quoted(std::string_view word) {
    std::string out = "\"";
    for (char c : word) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

/// Values that differ between two requests, or that need what this target does not have.
bool steady(std::string_view text) {
    for (auto word : {"time", "msec", "date", "_id", "connection", "pid", "remote", "server_", "tcpinfo", "limit", "pipe",
                      "nginx_version", "hostname", "realpath", "document"})
        if (ifind(text, word) != text.npos) return false;
    return true;
}

std::string configuration(const Input& in) {
    auto regex = quoted(in.regex);
    return "events {} http { error_log /t/log emerg; access_log off; map $uri $mapped { default none; ~^/(.) $1; } "
           "server { listen 1; set $a $uri; location / { set $b " + quoted(in.expression) + "; if ($uri ~ " + regex +
           ") { set $a \"<$1$2$9>\"; } rewrite " + regex + " " + quoted(in.replacement) + " " + in.flag +
           "; return 200 \"$a|$b|$uri|$args|$mapped\"; } } }";
}

/// What an expression means, one character after the other; nothing when it is not valid.
struct Model {
    http::Request& request;
    std::string text;

    bool expand(std::string_view in) {
        while (!in.empty()) {
            char c = in[0];
            in.remove_prefix(1);
            if (c != '$') text += c;
            else if (!reference(in)) return false;
        }
        return true;
    }

private:
    bool reference(std::string_view& in) {
        if (in.empty()) return false;
        if (in[0] >= '1' && in[0] <= '9') {
            text += request.captures[static_cast<std::uint32_t>(in[0] - '0')];
            in.remove_prefix(1);
            return true;
        }
        bool braces = in[0] == '{';
        if (braces) in.remove_prefix(1);
        std::string name;
        while (!in.empty() && (std::isalnum(static_cast<unsigned char>(in[0])) || in[0] == '_')) {
            name += to_lower(in[0]);
            in.remove_prefix(1);
        }
        if (braces && (in.empty() || in[0] != '}')) return false;
        if (braces) in.remove_prefix(1);
        if (name.empty()) return false;
        text += request.variable(name).value_or(std::string_view());
        return true;
    }
};

void check_captures(const http::Captures& captures) {
    for (std::uint32_t n = 0; n < captures.count + 2; ++n) {
        auto text = captures[n];
        if (!captures.has(n)) require(text.empty());
        if (text.empty()) continue;
        require(text.data() >= captures.subject.data());
        require(text.data() + text.size() <= captures.subject.data() + captures.subject.size());
    }
}

/// The expression by itself, as the request finds it before the script runs.
void check_expression(http::Request& request, const Input& in, const http::Regex* regex, http::Builder& builder) {
    if (regex) {
        bool matched = request.match(*regex, request.uri);
        require(matched == (regex->test(request.uri) > 0));
        if (matched) check_captures(request.captures);
    }
    Model model{request, {}};
    bool valid = model.expand(in.expression);
    auto known = builder.site->variables.size();
    auto expr = http::Expr::compile(in.expression, builder);
    require(static_cast<bool>(expr) == valid);
    if (!expr) return require(!expr.error().text.empty());
    require(builder.site->variables.size() == known);  // the configuration had the same expression
    require(expr->source() == in.expression);
    auto first = expr->evaluate(request);
    require(first == model.text);
    require(first == expr->evaluate(request));
    request.captures = {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static http::Thread thread;
    auto in = lines_of({reinterpret_cast<const char*>(data), size});
    in.uri.insert(0, "/");
    for (auto* word : {&in.expression, &in.replacement})
        if (!steady(*word)) return 0;
    if (in.flag.find_first_not_of("abcdefghijklmnopqrstuvwxyz") != in.flag.npos) return 0;
    auto read = tests::read_configuration(configuration(in));
    if (!read) {
        require(!read.error().text.empty());
        return 0;
    }
    auto site = read->site;
    tests::MemoryNames names;
    http::Builder builder(site, names);
    auto regex = http::Regex::compile(in.regex, false);
    tests::MemorySite served(thread, site);
    auto expression = [&](http::Request& request) { check_expression(request, in, regex ? regex->get() : nullptr, builder); };
    auto first = served.get(in.uri, in.args, "h", expression);
    auto second = served.get(in.uri, in.args, "h", [](http::Request&) {});
    require(first.finished && first.status > 0);
    require(first.status == second.status);
    // What the first request evaluated early it may have kept; a third one is as the second.
    require(second == served.get(in.uri, in.args, "h", [](http::Request&) {}));
    return 0;
}
