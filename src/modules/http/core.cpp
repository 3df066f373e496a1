// core: blocks, names, roots, types, error pages.
// https://nginx.org/en/docs/http/ngx_http_core_module.html
#include "conf/hash_limits.h"
#include "http/builder.h"
#include "http/core_conf.h"
#include "http/module.h"

namespace bext::http {

conf::Status Core::finish(const Core& outer, conf::Cursor& at) {
    if (&outer == this && !root.is_set()) root.set_default(Expr::literal(at.full_path("html")));
    if (!root->constant()) prefix = at.full_path("");
    return conf::ok();
}

std::string_view Core::root_for(Request& r) const {
    auto found = root->evaluate(r);
    return root->constant() || found.starts_with('/') ? found : r.arena.cat({prefix, found});
}

conf::Status Types::finish(const Types& outer, conf::Cursor& at) {
    bool same = &outer != this && *table == *outer.table && *hash_max_size == *outer.hash_max_size && *hash_bucket_size == *outer.hash_bucket_size;
    if (same) return conf::ok();
    std::vector<std::string_view> extensions;
    for (auto& [extension, type] : **table) extensions.push_back(extension);
    return conf::check_hash(conf::hash_limits("types_hash", hash_max_size, hash_bucket_size), extensions,
                            [&](std::string text) { at.warn_plain(std::move(text)); });
}

namespace {

using conf::Cursor;
using conf::Status;

Builder& builder(Cursor& at) { return at.owner<Builder>(); }

Status http_block(Cursor& at) { return builder(at).http_block(at); }
Status server_block(Cursor& at) { return builder(at).server_block(at); }
Status location_block(Cursor& at) { return builder(at).location_block(at); }
Status listen(Cursor& at) { return builder(at).listen(at); }
Status server_name(Cursor& at) { return builder(at).server_name(at); }

Status set_root(Cursor& at, Core& core, bool alias) {
    if (core.root.is_set()) {
        if (*core.is_alias == alias) return conf::directive_is("is duplicate");
        return conf::refuse(cat({"\"", at.name(), "\" directive is duplicate, \"", *core.is_alias ? "alias" : "root",
                                 "\" directive was specified earlier"}));
    }
    auto* location = builder(at).location;
    if (alias && location && location->kind == Location::Kind::kNamed)
        return conf::refuse("the \"alias\" directive cannot be used inside the named location");
    auto text = at.arg(1);
    if (text.find("$document_root") != std::string::npos || text.find("${document_root}") != std::string::npos)
        return conf::refuse(cat({"the $document_root variable cannot be used in the \"", at.name(), "\" directive"}));
    if (text.find("$realpath_root") != std::string::npos || text.find("${realpath_root}") != std::string::npos)
        return conf::refuse(cat({"the $realpath_root variable cannot be used in the \"", at.name(), "\" directive"}));
    if (!alias)
        while (text.size() > 1 && text.back() == '/') text.pop_back();
    if (text == "/" && !alias) text.clear();
    if (!text.starts_with("$")) text = text.empty() ? text : at.full_path(text);
    auto expr = Expr::compile(text, builder(at));
    if (!expr) return conf::refuse(expr.error().text);
    core.root.set(std::move(*expr));
    core.is_alias.set(alias);
    bool whole = alias && location && location->kind == Location::Kind::kRegex;
    core.alias_size.set(whole ? kWholeAlias : alias && location ? location->name.size() : 0);
    return conf::ok();
}

Status root(Cursor& at, Core& core) { return set_root(at, core, false); }
Status alias(Cursor& at, Core& core) { return set_root(at, core, true); }

Status types(Cursor& at, Types& types) {
    auto table = types.table.is_set() ? *types.table : std::make_shared<Types::Table>();
    types.table.set(table);
    return at.read_entries([&](const std::vector<std::string>& words) -> Status {
        for (std::size_t i = 1; i < words.size(); ++i) {
            auto [entry, fresh] = table->try_emplace(lower(words[i]), words[0]);
            if (fresh) continue;
            at.warn(cat({"duplicate extension \"", words[i], "\", content type: \"", words[0], "\", previous content type: \"",
                         entry->second, "\""}));
            entry->second = words[0];
        }
        return conf::ok();
    });
}

Status error_page_code(Cursor& at, const std::string& word, int& code) {
    auto number = parse_decimal(word, 100000);
    if (!number) return conf::refuse(cat({"invalid value \"", word, "\""}));
    code = static_cast<int>(*number);
    if (code == 499) return conf::refuse(cat({"invalid value \"", word, "\""}));
    if (code < 300 || code > 599) return conf::refuse(cat({"value \"", word, "\" must be between 300 and 599"}));
    static_cast<void>(at);
    return conf::ok();
}

Status error_page(Cursor& at, Core& core) {
    if (!core.error_pages.is_set()) core.error_pages.set(std::make_shared<std::vector<ErrorPage>>());
    auto last = at.count() - 2;  // the word before the target may be "=200"
    int answer = -1;
    if (at.arg(last)[0] == '=') {
        if (last == 1) return conf::refuse(cat({"invalid value \"", at.arg(last), "\""}));
        answer = 0;
        if (at.arg(last).size() > 1) {
            auto number = parse_decimal(std::string_view(at.arg(last)).substr(1), 100000);
            if (!number) return conf::refuse(cat({"invalid value \"", at.arg(last), "\""}));
            answer = static_cast<int>(*number);
        }
        --last;
    }
    auto target = Expr::compile(at.arg(at.count() - 1), builder(at));
    if (!target) return conf::refuse(target.error().text);
    for (std::size_t i = 1; i <= last; ++i) {
        int code;
        if (auto bad = error_page_code(at, at.arg(i), code)) return bad;
        int overwrite = answer;
        if (overwrite < 0 && code >= 494 && code <= 497) overwrite = 400;
        core.error_pages.edit()->push_back({code, overwrite, *target});
    }
    return conf::ok();
}

Status internal(Cursor&, Core& core) {
    if (core.internal.is_set()) return conf::directive_is("is duplicate");
    core.internal.set(true);
    return conf::ok();
}

Status satisfy(Cursor& at, Core& core) {
    if (core.satisfy_any.is_set()) return conf::directive_is("is duplicate");
    if (!iequals(at.arg(1), "any") && !iequals(at.arg(1), "all")) return conf::refuse(cat({"invalid value \"", at.arg(1), "\""}));
    core.satisfy_any.set(iequals(at.arg(1), "any"));
    return conf::ok();
}

Status limit_except(Cursor& at) {
    auto& b = builder(at);
    auto* location = b.location;
    if (location->limit_except) return conf::directive_is("is duplicate");
    std::uint32_t methods = 0;
    for (std::size_t i = 1; i < at.count(); ++i) {
        std::string name = at.arg(i);
        for (char& c : name) c = to_upper(c);
        auto method = method_of(name);
        if (method == Method::kOther || method == Method::kTrace || method == Method::kConnect)
            return conf::refuse(cat({"invalid method \"", at.arg(i), "\""}));
        methods |= 1u << static_cast<unsigned>(method);
        if (method == Method::kGet) methods |= 1u << static_cast<unsigned>(Method::kHead);
    }
    Location* inner;
    if (auto bad = b.read_unnamed(at, Location::Kind::kLimitExcept, conf::kLimitExcept, inner)) return bad;
    location->limit_except = inner;
    location->limit_methods = methods;
    return conf::ok();
}

Status error_log(Cursor& at, Core& core) {
    if (!core.error_log.is_set()) core.error_log.set(std::make_shared<Log>());
    return builder(at).error_log(at, **core.error_log);
}

Status server_tokens(Cursor& at, Core& core) {
    if (core.server_tokens.is_set()) return conf::directive_is("is duplicate");
    if (iequals(at.arg(1), "on")) core.server_tokens.set(Core::Tokens::kOn);
    else if (iequals(at.arg(1), "off")) core.server_tokens.set(Core::Tokens::kOff);
    else if (iequals(at.arg(1), "build")) core.server_tokens.set(Core::Tokens::kBuild);
    else return conf::refuse(cat({"invalid value \"", at.arg(1), "\""}));
    return conf::ok();
}

Status disable_symlinks(Cursor& at, Core& core) {
    if (core.disable_symlinks.is_set()) return conf::directive_is("is duplicate");
    for (std::size_t i = 1; i < at.count(); ++i) {
        auto& word = at.arg(i);
        if (word == "off") core.disable_symlinks.set(Core::Symlinks::kOff);
        else if (word == "on") core.disable_symlinks.set(Core::Symlinks::kOn);
        else if (word == "if_not_owner") core.disable_symlinks.set(Core::Symlinks::kIfNotOwner);
        else if (word.starts_with("from=") && word.size() > 5) {
            auto from = Expr::compile(word.substr(5), builder(at));
            if (!from) return conf::refuse(from.error().text);
            core.disable_symlinks_from.set(std::move(*from));
        } else return conf::refuse(cat({"invalid parameter \"", word, "\""}));
    }
    if (!core.disable_symlinks.is_set())
        return conf::refuse(cat({"\"", at.name(), "\" must have \"off\", \"on\" or \"if_not_owner\" parameter"}));
    if (core.disable_symlinks_from.is_set() && *core.disable_symlinks == Core::Symlinks::kOff)
        return conf::refuse(cat({"duplicate parameters \"", at.arg(1), " ", at.arg(at.count() - 1), "\""}));
    return conf::ok();
}

constexpr conf::Word kSince[] = {{"off", 0}, {"exact", 1}, {"before", 2}};

constexpr auto kHttpIf = conf::kHttp | conf::kLocationIf;

constexpr conf::Directive kDirectives[] = {
    {"http", conf::kMain, conf::kNone | conf::kBlock, conf::run<http_block>},
    {"server", conf::kHttpBlock, conf::kNone | conf::kBlock, conf::run<server_block>},
    {"location", conf::kServer | conf::kLocation, conf::kOne | conf::kTwo | conf::kBlock, conf::run<location_block>},
    {"listen", conf::kServer, conf::kOneOrMore, conf::run<listen>},
    {"server_name", conf::kServer, conf::kOneOrMore, conf::run<server_name>},
    {"root", kHttpIf, conf::kOne, conf::call<root, &Core::root, &Core::is_alias, &Core::alias_size>},
    {"alias", conf::kLocation, conf::kOne, conf::call<alias, &Core::root, &Core::is_alias, &Core::alias_size>},
    {"types", conf::kHttp, conf::kNone | conf::kBlock, conf::call<types, &Types::table>},
    {"types_hash_max_size", conf::kHttp, conf::kOne, conf::into<&Types::hash_max_size>},
    {"types_hash_bucket_size", conf::kHttp, conf::kOne, conf::into<&Types::hash_bucket_size>},
    {"server_names_hash_max_size", conf::kHttpBlock, conf::kOne, conf::into<&Hashes::names_max_size>},
    {"server_names_hash_bucket_size", conf::kHttpBlock, conf::kOne, conf::into<&Hashes::names_bucket_size>},
    {"variables_hash_max_size", conf::kHttpBlock, conf::kOne, conf::into<&Hashes::variables_max_size>},
    {"variables_hash_bucket_size", conf::kHttpBlock, conf::kOne, conf::into<&Hashes::variables_bucket_size>},
    {"default_type", conf::kHttp, conf::kOne, conf::into<&Core::default_type>},
    {"error_page", kHttpIf, conf::kTwoOrMore, conf::call<error_page, &Core::error_pages>},
    {"recursive_error_pages", conf::kHttp, conf::kFlag, conf::into<&Core::recursive_error_pages>},
    {"internal", conf::kLocation, conf::kNone, conf::call<internal>},
    {"satisfy", conf::kHttp, conf::kOne, conf::call<satisfy, &Core::satisfy_any>},
    {"auth_delay", conf::kHttp, conf::kOne, conf::into<&Core::auth_delay>},
    {"limit_except", conf::kLocation, conf::kOneOrMore | conf::kBlock, conf::run<limit_except>},
    {"log_not_found", conf::kHttp, conf::kFlag, conf::into<&Core::log_not_found>},
    {"log_subrequest", conf::kHttp, conf::kFlag, conf::into<&Core::log_subrequest>},
    {"absolute_redirect", conf::kHttp, conf::kFlag, conf::into<&Core::absolute_redirect>},
    {"port_in_redirect", conf::kHttp, conf::kFlag, conf::into<&Core::port_in_redirect>},
    {"server_name_in_redirect", conf::kHttp, conf::kFlag, conf::into<&Core::server_name_in_redirect>},
    {"server_tokens", conf::kHttp, conf::kOne, conf::call<server_tokens, &Core::server_tokens>},
    {"if_modified_since", conf::kHttp, conf::kOne, conf::one_of<&Core::if_modified_since, kSince>},
    {"etag", conf::kHttp, conf::kFlag, conf::into<&Core::etag>},
    {"max_ranges", conf::kHttp, conf::kOne, conf::into<&Core::max_ranges>},
    {"msie_padding", conf::kHttp, conf::kFlag, conf::into<&Core::msie_padding>},
    {"msie_refresh", conf::kHttp, conf::kFlag, conf::into<&Core::msie_refresh>},
    {"disable_symlinks", conf::kHttp, conf::kOne | conf::kTwo,
     conf::call<disable_symlinks, &Core::disable_symlinks, &Core::disable_symlinks_from>},
    {"error_log", conf::kHttp, conf::kOneOrMore, conf::call<error_log, &Core::error_log>},
};

}  // namespace

extern constinit const Module core = {
    .name = "http_core",
    .records = records_of<Core, Types, Hashes>,
    .directives = kDirectives,
};

}  // namespace bext::http
