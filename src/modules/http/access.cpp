// access: allow and deny by client address.
// https://nginx.org/en/docs/http/ngx_http_access_module.html
#include "http/connection.h"
#include "http/core_conf.h"
#include "http/module.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

struct Rule {
    bool deny = false;
    std::optional<net::Cidr> range;  // nothing: everybody
};

struct Conf {
    conf::Setting<std::vector<Rule>> rules;
};

Status rule(Cursor& at, Conf& conf) {
    Rule made{at.name() == "deny", std::nullopt};
    if (at.arg(1) != "all") {
        bool low_bits = false;
        made.range = net::Cidr::parse(at.arg(1), low_bits);
        if (!made.range) return conf::refuse(cat({"invalid parameter \"", at.arg(1), "\""}));
        if (low_bits) at.warn(cat({"low address bits of ", at.arg(1), " are meaningless"}));
    }
    conf.rules.edit().push_back(made);
    return conf::ok();
}

Verdict check(Request& r) {
    for (auto& rule : *r.conf<Conf>().rules) {
        if (rule.range && !rule.range->contains(r.client().address())) continue;
        if (!rule.deny) return Verdict::allow();
        if (!*r.conf<Core>().satisfy_any) r.log(Level::kError, "access forbidden by rule");
        return Verdict::status(status::kForbidden);
    }
    return Verdict::pass();
}

constexpr auto kWhere = conf::kHttp | conf::kLimitExcept;

constexpr conf::Directive kDirectives[] = {
    {"allow", kWhere, conf::kOne, conf::call<rule, &Conf::rules>},
    {"deny", kWhere, conf::kOne, conf::call<rule, &Conf::rules>},
};

}  // namespace

extern constinit const Module access_rules = {
    .name = "http_access",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .access = check,
};

}  // namespace bext::http
