// ssi, values: strings with variables, and the expressions of `if` (ngx_http_ssi_evaluate_string, ngx_http_ssi_if).
#include "modules/http/ssi.h"

namespace bext::http::ssi {
namespace {

bool name_char(char c) { return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || is_digit(c) || c == '_'; }

std::string_view lower_copy(Arena& arena, std::string_view text) {
    char* out = arena.bytes(text.size() + 1);
    for (std::size_t i = 0; i < text.size(); ++i) out[i] = to_lower(text[i]);
    return {out, text.size()};
}

/// Text up to the next variable, without the backslashes that quote.
std::string_view plain_part(Arena& arena, std::string_view& rest) {
    char* out = arena.bytes(rest.size() + 1);
    char* p = out;
    bool quoted = false;
    std::size_t i = 0;
    for (; i < rest.size(); ++i) {
        char c = rest[i];
        if (!quoted && c == '$') break;
        if (!quoted && c == '\\') {
            quoted = true;
            continue;
        }
        if (quoted && c != '\\' && c != '\'' && c != '"' && c != '$') *p++ = '\\';
        quoted = false;
        *p++ = c;
    }
    rest.remove_prefix(i);
    return {out, static_cast<std::size_t>(p - out)};
}

/// The name behind a '$'; nothing after an error (logged).
std::optional<std::string_view> variable_name(Request& r, std::string_view& rest, std::string_view whole) {
    rest.remove_prefix(1);
    bool braces = rest.starts_with('{');
    if (braces) rest.remove_prefix(1);
    std::size_t size = 0;
    while (size < rest.size() && name_char(rest[size])) ++size;
    auto name = rest.substr(0, size);
    bool closed = size < rest.size() && rest[size] == '}';
    if (braces && !closed && !rest.empty()) {
        r.log(Level::kError, r.arena.cat({"the closing bracket in \"", name, "\" variable is missing"}));
        return std::nullopt;
    }
    if (name.empty()) {
        r.log(Level::kError, r.arena.cat({"invalid variable name in \"", whole, "\""}));
        return std::nullopt;
    }
    rest.remove_prefix(size + (braces ? 1 : 0));
    return name;
}

/// Whether `subject` matches; what it captures is kept.
std::optional<bool> match(Request& r, std::string_view pattern, std::string_view subject) {
    auto& shared = Shared::of(r);
    auto regex = Regex::compile(std::string(pattern), false);
    if (!regex) {
        r.log(Level::kError, regex.error().text);
        return std::nullopt;
    }
    Captures captures;
    int rc = (*regex)->match(subject, r.main.arena, captures);
    if (rc < 0) {
        r.log(Level::kAlert, r.arena.cat({"pcre2_match() failed: ", std::to_string(rc), " on \"", subject, "\" using \"", pattern, "\""}));
        return std::nullopt;
    }
    if (rc == 0) return false;
    shared.captures = captures;
    for (auto& named : (*regex)->named()) shared.set(r.main.arena.copy(lower(named.name)), captures[named.number]);
    return true;
}

/// Takes "=" or "!=" and the blanks around it off. Nothing: there is none.
std::optional<bool> comparison(std::string_view& rest) {
    bool negative = rest.starts_with("!=");
    if (!negative && !rest.starts_with('=')) return std::nullopt;
    rest.remove_prefix(negative ? 2 : 1);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    return negative;
}

}  // namespace

Shared& Shared::of(Request& request) {
    auto& main = request.main;
    auto*& shared = main.context<Shared>();
    if (!shared) shared = main.arena.make<Shared>(main.arena);
    return *shared;
}

std::optional<std::string_view> Shared::find(std::string_view name) const {
    if (name.size() == 1 && is_digit(name[0])) {
        auto number = static_cast<std::uint32_t>(name[0] - '0');
        if (number < captures.count) return captures[number];
    }
    for (auto& variable : variables)
        if (variable.name == name) return variable.value;
    return std::nullopt;
}

void Shared::set(std::string_view name, std::string_view value) {
    for (auto& variable : variables)
        if (variable.name == name) {
            variable.value = value;
            return;
        }
    variables.push({name, value});
}

std::optional<std::string_view> variable(Request& r, std::string_view name) {
    auto low = lower_copy(r.arena, name);
    auto found = Shared::of(r).find(low);
    return found ? found : r.variable(low);
}

std::optional<std::string_view> evaluate(Request& r, std::string_view text, bool relative) {
    List<std::string_view> parts(r.arena);
    std::size_t size = 0;
    for (auto rest = text; !rest.empty();) {
        std::string_view part;
        if (rest[0] == '$') {
            auto name = variable_name(r, rest, text);
            if (!name) return std::nullopt;
            part = variable(r, *name).value_or(std::string_view());
        } else {
            part = plain_part(r.arena, rest);
        }
        if (part.empty()) continue;
        parts.push(part);
        size += part.size();
    }
    std::string_view folder;
    bool below = parts.empty() ? text.empty() : !parts[0].starts_with('/');
    if (relative && below) folder = r.uri.substr(0, r.uri.rfind('/') + 1);
    if (parts.size() == 1 && folder.empty()) return parts[0];
    char* out = r.arena.bytes(folder.size() + size + 1);
    char* p = out;
    if (!folder.empty()) p = static_cast<char*>(std::memcpy(p, folder.data(), folder.size())) + folder.size();
    for (auto& part : parts) p = static_cast<char*>(std::memcpy(p, part.data(), part.size())) + part.size();
    return std::string_view(out, static_cast<std::size_t>(p - out));
}

std::optional<bool> test(Request& r, std::string_view expression) {
    auto invalid = [&]() -> std::optional<bool> {
        r.log(Level::kError, r.arena.cat({"invalid expression in \"", expression, "\""}));
        return std::nullopt;
    };
    std::size_t size = 0;
    auto of_left = [](char c) { return name_char(c) || c == '$' || c == '{' || c == '}' || c == '"' || c == '\''; };
    while (size < expression.size() && of_left(expression[size])) ++size;
    auto rest = expression.substr(size);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    auto left = evaluate(r, lower_copy(r.arena, expression.substr(0, size)));
    if (!left) return std::nullopt;
    if (rest.empty()) return !left->empty();
    auto negative = comparison(rest);
    if (!negative) return invalid();
    bool regex = rest.size() > 1 && rest[0] == '/';
    if (regex && rest.back() != '/') return invalid();
    if (regex) rest = rest.substr(1, rest.size() - 2);
    else if (rest.size() > 1 && rest.starts_with("\\/")) rest.remove_prefix(1);
    auto right = evaluate(r, rest);
    if (!right) return std::nullopt;
    if (!regex) return (*left == *right) != *negative;
    auto matched = match(r, *right, *left);
    if (!matched) return std::nullopt;
    return *matched != *negative;
}

}  // namespace bext::http::ssi
