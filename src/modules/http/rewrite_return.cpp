// rewrite_return: `return CODE [TEXT]`, `return CODE URL` and `return URL`.
// https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return
#include "http/builder.h"
#include "http/script.h"

namespace bext::http {

void set_location(Request& r, std::string_view target) {
    r.out.headers.remove(Name::kLocation);
    r.out.headers.add("Location", target, Name::kLocation);
}

bool is_redirect_target(std::string_view text) {
    return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("$scheme");
}

namespace {

struct ReturnStep final : ScriptStep {
    int code = 0;
    Expr text;

    bool run(ScriptRun& run) const override {
        run.verdict = answer(run.request);
        return false;
    }

private:
    Verdict answer(Request& r) const {
        if (code >= 400 && text.source().empty()) return Verdict::status(code);
        r.out.status = code;  // what the text may show as $status
        auto value = text.evaluate(r);
        if (code == 301 || code == 302 || code == 303 || code == 307 || code == 308) {
            set_location(r, value);
            return Verdict::status(code);
        }
        r.set_content_type();
        r.reply(code, {}, value);
        return Verdict::done();
    }
};

}  // namespace

conf::Status rewrite_return(conf::Cursor& at, Rewrite& conf) {
    ReturnStep step;
    std::string_view text;
    if (auto code = parse_decimal(at.arg(1)); code && *code <= 999) {
        step.code = static_cast<int>(*code);
        if (at.count() == 3) text = at.arg(2);
    } else if (!code && at.count() == 2 && is_redirect_target(at.arg(1))) {
        step.code = status::kFound;
        text = at.arg(1);
    } else {
        return conf::refuse(cat({"invalid return code \"", at.arg(1), "\""}));
    }
    auto expr = Expr::compile(text, at.owner<Builder>());
    if (!expr) return conf::refuse(expr.error().text);
    step.text = std::move(*expr);
    script_of(at, conf).add(std::move(step));
    return conf::ok();
}

}  // namespace bext::http
