// rewrite: rewrite, set and break; `if` and `return` are in rewrite_if.cpp and rewrite_return.cpp.
// https://nginx.org/en/docs/http/ngx_http_rewrite_module.html
#include "http/builder.h"
#include "http/escape.h"
#include "http/script.h"

namespace bext::http {

/// The script whose `if` block is being read.
struct OpenScript {
    Script* script = nullptr;
};

Script& script_of(conf::Cursor& at, Rewrite& own) {
    auto& builder = at.owner<Builder>();
    auto open = builder.shared<OpenScript>("rewrite");
    if (at.context() & (conf::kServerIf | conf::kLocationIf)) return *open->script;
    if (!own.script) own.script = std::make_shared<Script>(builder.location);
    open->script = own.script.get();
    return *own.script;
}

namespace {

using conf::Cursor;
using conf::Status;

/// `rewrite REGEX REPLACEMENT [FLAG]`.
struct RewriteStep final : ScriptStep {
    std::shared_ptr<const Regex> regex;
    Expr target;             // up to its '?', or all of it for a redirect
    std::optional<Expr> arguments;
    bool has_arguments = false;
    bool keep_arguments = true;
    int redirect = 0;        // 301 or 302
    bool ends = false;       // last, break or a redirect
    bool stays = false;      // break: in this location

    bool run(ScriptRun& run) const override;

private:
    void send_redirect(ScriptRun& run) const;
    bool change_uri(ScriptRun& run) const;
};

bool RewriteStep::run(ScriptRun& run) const {
    auto& r = run.request;
    auto subject = r.uri;
    bool matched = r.match(*regex, subject);
    if (run.log)
        r.log(Level::kNotice, r.arena.cat({"\"", regex->pattern(), matched ? "\" matches \"" : "\" does not match \"", subject, "\""}));
    if (!matched) {
        r.captures = {};
        return true;
    }
    r.internal = true;
    r.raw_uri_valid = false;
    r.uri_changed = !stays;
    if (stays) r.location_valid = false;
    if (redirect) send_redirect(run);
    else if (!change_uri(run)) return false;
    run.quote = false;
    return !ends;
}

void RewriteStep::send_redirect(ScriptRun& run) const {
    auto& r = run.request;
    auto value = unescape_uri(target.evaluate(r, true), Unescape::kRedirect, r.arena);
    if (keep_arguments && !r.args.empty()) value = r.arena.cat({value, has_arguments ? "&" : "?", r.args});
    if (run.log) r.log(Level::kNotice, r.arena.cat({"rewritten redirect: \"", value, "\""}));
    set_location(r, value);
    r.uri_changed = false;
    run.verdict = Verdict::status(redirect);
}

bool RewriteStep::change_uri(ScriptRun& run) const {
    auto& r = run.request;
    auto uri = target.evaluate(r);
    if (arguments) {
        auto args = arguments->evaluate(r, true);
        if (keep_arguments && !r.args.empty()) args = r.arena.cat({args, "&", r.args});
        r.args = args;
    } else if (!keep_arguments) {
        r.args = {"", 0};
    }
    if (run.log) r.log(Level::kNotice, r.arena.cat({"rewritten data: \"", uri, "\", args: \"", r.args, "\""}));
    r.set_uri(uri);
    if (!uri.empty()) return true;
    r.log(Level::kError, "the rewritten URI has a zero length");
    r.uri_changed = false;
    run.verdict = Verdict::status(status::kInternal);
    return false;
}

struct BreakStep final : ScriptStep {
    bool run(ScriptRun& run) const override {
        auto& r = run.request;
        if (r.uri_changed) r.location_valid = false;
        r.uri_changed = false;
        return false;
    }
};

struct SetStep final : ScriptStep {
    std::uint32_t variable = 0;
    Expr value;

    bool run(ScriptRun& run) const override {
        run.request.set_variable(variable, value.evaluate(run.request, run.quote));
        return true;
    }
};

Status set_flag(const std::string& flag, RewriteStep& step) {
    if (flag == "break") step.stays = true;
    else if (flag == "redirect") step.redirect = status::kFound;
    else if (flag == "permanent") step.redirect = status::kMoved;
    else if (flag != "last") return conf::refuse(cat({"invalid parameter \"", flag, "\""}));
    step.ends = true;
    return conf::ok();
}

Status rewrite(Cursor& at, Rewrite& conf) {
    auto& builder = at.owner<Builder>();
    RewriteStep step;
    std::string_view target = at.arg(2);
    if (target.empty()) return conf::refuse("empty replacement");
    auto regex = builder.regex(at, at.arg(1), false);
    if (!regex) return conf::refuse(regex.error().text);
    step.regex = *regex;
    if (target.back() == '?') {  // the last "?" drops the request's own arguments
        target.remove_suffix(1);
        step.keep_arguments = false;
    }
    if (is_redirect_target(target)) {
        step.redirect = status::kFound;
        step.ends = true;
    }
    if (at.count() == 4)
        if (auto bad = set_flag(at.arg(3), step)) return bad;
    auto question = target.find('?');
    step.has_arguments = question != target.npos;
    if (step.has_arguments && !step.redirect) {
        auto arguments = Expr::compile(target.substr(question + 1), builder);
        if (!arguments) return conf::refuse(arguments.error().text);
        step.arguments = std::move(*arguments);
        target = target.substr(0, question);
    }
    auto path = Expr::compile(target, builder);
    if (!path) return conf::refuse(path.error().text);
    step.target = std::move(*path);
    script_of(at, conf).add(std::move(step));
    return conf::ok();
}

Status break_(Cursor& at, Rewrite& conf) {
    script_of(at, conf).add(BreakStep());
    return conf::ok();
}

Status set(Cursor& at, Rewrite& conf) {
    auto& builder = at.owner<Builder>();
    std::string_view name = at.arg(1);
    if (!name.starts_with('$')) return conf::refuse(cat({"invalid variable name \"", name, "\""}));
    name.remove_prefix(1);
    if (name.empty()) return conf::refuse("invalid variable name \"$\"");
    SetStep step;
    step.variable = builder.variable(name);
    auto low = lower(name);
    bool prefixed = !builtin_variable(low) && prefix_variable(low);  // $http_x … stays what it is where it is not set
    if (!prefixed && !builder.site->variables[step.variable].defined) {
        auto uninitialized = [name = std::string(name)](Request& r) -> std::optional<std::string_view> {
            if (*r.conf<Rewrite>().warn_uninitialized)
                r.log(Level::kWarn, cat({"using uninitialized \"", lower(name), "\" variable"}));
            return "";
        };
        auto defined = builder.define(name, uninitialized);
        if (!defined) return conf::refuse(defined.error().text);
    }
    auto value = Expr::compile(at.arg(2), builder);
    if (!value) return conf::refuse(value.error().text);
    step.value = std::move(*value);
    script_of(at, conf).add(std::move(step));
    return conf::ok();
}

Verdict run_script(Request& r, const Location* level) {
    auto& conf = r.conf<Rewrite>();
    if (!conf.script || conf.script->level() != level) return Verdict::pass();
    ScriptRun run{r, *conf.log};
    Script::run(conf.script->steps(), run);
    return run.verdict;
}

Verdict server_rewrite(Request& r) { return run_script(r, nullptr); }

Verdict location_rewrite(Request& r) {
    return r.location->kind == Location::Kind::kServer ? Verdict::pass() : run_script(r, r.location);
}

constexpr auto kLevels = conf::kServer | conf::kLocation | conf::kServerIf | conf::kLocationIf;

constexpr conf::Directive kDirectives[] = {
    {"rewrite", kLevels, conf::kTwo | conf::kThree, conf::call<rewrite>},
    {"return", kLevels, conf::kOne | conf::kTwo, conf::call<rewrite_return>},
    {"break", kLevels, conf::kNone, conf::call<break_>},
    {"if", conf::kServer | conf::kLocation, conf::kOneOrMore | conf::kBlock, conf::call<rewrite_if>},
    {"set", kLevels, conf::kTwo, conf::call<set>},
    {"rewrite_log", conf::kHttpBlock | kLevels, conf::kFlag, conf::into<&Rewrite::log>},
    {"uninitialized_variable_warn", conf::kHttpBlock | kLevels, conf::kFlag, conf::into<&Rewrite::warn_uninitialized>},
};

}  // namespace

extern constinit const Module rewrite_module = {
    .name = "http_rewrite",
    .records = records_of<Rewrite>,
    .directives = kDirectives,
    .server_rewrite = server_rewrite,
    .rewrite = location_rewrite,
};

}  // namespace bext::http
