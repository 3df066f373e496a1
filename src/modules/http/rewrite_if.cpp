// rewrite_if: `if (CONDITION) { … }`.
// https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if
#include <sys/stat.h>

#include "http/files.h"
#include "http/builder.h"
#include "http/script.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

struct Condition {
    enum class Kind : std::uint8_t { kTrue, kEqual, kMatch, kFile, kDirectory, kExists, kExecutable };
    Kind kind = Kind::kTrue;
    bool negative = false;
    std::uint32_t variable = 0;
    Expr value;  // compared with, or the path
    std::shared_ptr<const Regex> regex;

    bool holds(ScriptRun& run) const;

private:
    bool tests(Request& r, std::string_view subject) const;
    bool file_test(Request& r, std::string_view path) const;
};

bool Condition::file_test(Request& r, std::string_view path) const {
    auto name = r.arena.cat({path, {"\0", 1}});
    auto opened = open_file(r, name.substr(0, path.size()));
    auto& file = *opened.file;
    bool known = file.mode != 0;  // it exists, even where it may not be read
    if (!known && file.error != ENOENT && file.error != ENOTDIR && file.error != ENAMETOOLONG)
        r.log(Level::kCrit, r.arena.cat({opened.failed_call, " \"", path, "\" failed"}), file.error);
    switch (kind) {
        case Kind::kFile: return file.is_file;
        case Kind::kDirectory: return file.is_directory;
        case Kind::kExists: return file.is_file || file.is_directory;
        default: return file.mode & S_IXUSR;
    }
}

/// A regular expression's match, noted when rewrite_log is on.
bool matches(ScriptRun& run, const Regex& regex, std::string_view subject) {
    auto& r = run.request;
    bool matched = r.match(regex, subject);
    if (!matched) r.captures = {};
    if (run.log)
        r.log(Level::kNotice, r.arena.cat({"\"", regex.pattern(), matched ? "\" matches \"" : "\" does not match \"", subject, "\""}));
    return matched;
}

bool Condition::holds(ScriptRun& run) const {
    auto& r = run.request;
    if (kind >= Kind::kFile) return file_test(r, value.evaluate(r, run.quote)) != negative;
    auto subject = r.variable(variable).value_or(std::string_view());
    if (r.undecided()) return false;
    switch (kind) {
        case Kind::kEqual: return (subject == value.evaluate(r, run.quote)) != negative;
        case Kind::kMatch: return matches(run, *regex, subject) != negative && !r.undecided();
        default: return !subject.empty() && subject != "0";
    }
}

struct IfStep final : ScriptStep {
    Condition condition;
    const Location* location = nullptr;  // entered when it holds; null at server level
    std::shared_ptr<Script::Steps> body = std::make_shared<Script::Steps>();

    bool run(ScriptRun& run) const override {
        if (!condition.holds(run)) return true;
        if (location) run.request.enter(*location);
        return Script::run(*body, run);
    }
};

Status invalid(std::string_view word) { return conf::refuse(cat({"invalid condition \"", word, "\""})); }

/// The words between the parentheses.
Status unwrap(Cursor& at, std::vector<std::string>& words) {
    words.assign(at.args().begin() + 1, at.args().end());
    if (!words.front().starts_with('(')) return invalid(words.front());
    words.front().erase(0, 1);
    auto& last = words.back();
    if (!last.ends_with(')')) return invalid(last);
    last.pop_back();
    if (words.size() > 1 && last.empty()) words.pop_back();
    if (words.size() > 1 && words.front().empty()) words.erase(words.begin());
    if (words.front().empty()) return invalid(")");
    return conf::ok();
}

Status set_value(Cursor& at, const std::string& text, Condition& condition) {
    auto value = Expr::compile(text, at.owner<Builder>());
    if (!value) return conf::refuse(value.error().text);
    condition.value = std::move(*value);
    return conf::ok();
}

Status compare(Cursor& at, const std::vector<std::string>& words, Condition& condition) {
    if (words.size() != 1 && words.size() != 3) return invalid(std::string_view(words[0]));
    condition.variable = at.owner<Builder>().variable(std::string_view(words[0]).substr(1));
    if (words.size() == 1) return conf::ok();
    std::string_view op = words[1];
    condition.negative = op.starts_with('!');
    if (op == "=" || op == "!=") {
        condition.kind = Condition::Kind::kEqual;
        return set_value(at, words[2], condition);
    }
    if (op == "~" || op == "~*" || op == "!~" || op == "!~*") {
        condition.kind = Condition::Kind::kMatch;
        auto regex = at.owner<Builder>().regex(at, words[2], op.ends_with('*'));
        if (!regex) return conf::refuse(regex.error().text);
        condition.regex = *regex;
        return conf::ok();
    }
    return conf::refuse(cat({"unexpected \"", op, "\" in condition"}));
}

Status test_file(Cursor& at, const std::vector<std::string>& words, Condition& condition) {
    std::string_view op = words[0];
    if (words.size() != 2) return invalid(op);
    if (auto bad = set_value(at, words[1], condition)) return bad;
    condition.negative = op[0] == '!';
    switch (op.back()) {
        case 'f': condition.kind = Condition::Kind::kFile; break;
        case 'd': condition.kind = Condition::Kind::kDirectory; break;
        case 'e': condition.kind = Condition::Kind::kExists; break;
        case 'x': condition.kind = Condition::Kind::kExecutable; break;
        default: return invalid(op);
    }
    return conf::ok();
}

Status read_condition(Cursor& at, Condition& condition) {
    std::vector<std::string> words;
    if (auto bad = unwrap(at, words)) return bad;
    std::string_view first = words[0];
    if (first.size() > 1 && first[0] == '$') return compare(at, words, condition);
    bool option = (first.size() == 2 && first[0] == '-') || (first.size() == 3 && first.starts_with("!-"));
    return option ? test_file(at, words, condition) : invalid(first);
}

}  // namespace

Status rewrite_if(Cursor& at, Rewrite& own) {
    IfStep step;
    if (auto bad = read_condition(at, step.condition)) return bad;
    auto& script = script_of(at, own);
    bool in_server = at.context() == conf::kServer;
    Location* inner = nullptr;
    auto* outer = script.redirect(step.body.get());
    auto bad = at.owner<Builder>().read_unnamed(at, Location::Kind::kIf, in_server ? conf::kServerIf : conf::kLocationIf, inner);
    script.redirect(outer);
    if (bad) return bad;
    if (!in_server) step.location = inner;
    script.add(std::move(step));
    return conf::ok();
}

}  // namespace bext::http
