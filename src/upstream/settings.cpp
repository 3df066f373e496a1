#include "upstream/settings.h"

#include <algorithm>

#include "http/builder.h"
#include "net/address.h"
#include "upstream/tls_connector.h"
#include "upstream/url.h"

namespace bext::upstream {

using conf::Cursor;
using conf::Status;

Status set_bind(Cursor& at, Settings& settings) {
    if (settings.bind.is_set()) return conf::directive_is("is duplicate");
    settings.bind.set({});
    if (at.count() == 2 && at.arg(1) == "off") return conf::ok();
    auto& bind = settings.bind.edit();
    auto expr = http::Expr::compile(at.arg(1), at.owner<http::Builder>());
    if (!expr) return conf::refuse(expr.error().text);
    bind.address = std::move(*expr);
    if (bind.address.constant()) {
        Url url;
        if (parse_url(at.arg(1), 0, false, url) || !url.address) return conf::refuse(cat({"invalid address \"", at.arg(1), "\""}));
    }
    if (at.count() > 2) {
        if (at.arg(2) != "transparent") return conf::refuse(cat({"invalid parameter \"", at.arg(2), "\""}));
        bind.transparent = true;
    }
    return conf::ok();
}

Status read_certificate_cache(Cursor& at, conf::Setting<CertificateCachePtr>& cache) {
    if (cache.is_set()) return conf::directive_is("is duplicate");
    auto limits = std::make_shared<CertificateCacheLimits>();
    bool off = false;
    for (std::size_t i = 1; i < at.count(); ++i) {
        std::string_view word = at.arg(i);
        auto seconds = [&](std::string_view name, conf::Seconds& out) {
            auto value = word.starts_with(name) ? conf::parse_seconds(word.substr(name.size())) : std::nullopt;
            if (value) out = *value;
            return value.has_value();
        };
        auto max = word.starts_with("max=") ? parse_decimal(word.substr(4)) : std::nullopt;
        if (max && *max > 0) limits->max = static_cast<std::int64_t>(*max);
        else if (word == "off") off = true;
        else if (!seconds("inactive=", limits->inactive) && !seconds("valid=", limits->valid))
            return conf::refuse(cat({"invalid parameter \"", word, "\""}));
    }
    if (!off && limits->max == 0) return conf::refuse(cat({"\"", at.name(), "\" must have the \"max\" parameter"}));
    cache.set(off ? nullptr : std::move(limits));
    return conf::ok();
}

Status read_password_file(Cursor& at, conf::Setting<std::string>& setting) {
    if (setting.is_set()) return conf::directive_is("is duplicate");
    auto path = at.conf_path(at.arg(1));
    if (auto text = at.files().read(path); !text)
        return conf::refuse(text.error().system == EISDIR ? Error::from_errno(cat({"read() \"", path, "\""}), EISDIR).text : text.error().text);
    setting.set(std::move(path));
    return conf::ok();
}

Status set_temp_path(Cursor& at, Settings& settings) { return at.owner<http::Builder>().temp_path(at, settings.temp_path); }

Status set_limit_rate(Cursor& at, Settings& settings) { return http::read_size(at, settings.limit_rate); }

conf::Status NameSet::check(const conf::HashLimits& limits, const conf::Cursor& at) const {
    std::vector<std::string> low;
    for (auto& name : names_) low.push_back(lower(name));
    return conf::check_hash(limits, {low.begin(), low.end()}, [&](std::string text) { at.warn_plain(std::move(text)); });
}

/// ngx_conf_set_access_slot; what could be stored is refused by store().
Status store_access(Cursor& at) {
    for (std::size_t i = 1; i < at.count(); ++i) {
        std::string_view word = at.arg(i);
        auto colon = word.find(':');
        auto who = word.substr(0, colon), what = colon == word.npos ? std::string_view() : word.substr(colon + 1);
        if ((who != "user" && who != "group" && who != "all") || (what != "rw" && what != "r"))
            return conf::refuse(cat({"invalid value \"", word, "\""}));
    }
    return conf::ok();
}

Status store(Cursor& at) {
    if (at.arg(1) == "off") return conf::ok();
    if (at.arg(1).empty()) return conf::refuse("empty path");
    return conf::refuse(cat({"\"", at.name(), "\" is not supported by bext: only \"off\" is"}));
}

namespace {

std::string quoted(std::string_view prefix, std::string_view name) { return cat({"\"", prefix, "_", name, "\""}); }

/// The size of the largest buffer, by its directives' names.
std::string largest(std::string_view prefix) {
    return cat({"the maximum of the value of ", quoted(prefix, "buffer_size"), " and one of the ", quoted(prefix, "buffers")});
}

}  // namespace

Status Settings::finish_settings(Cursor& at, const Settings& outer, std::string_view prefix, const Hide& hide) {
    if (buffers->count < 2) return conf::refuse(cat({"there must be at least 2 ", quoted(prefix, "buffers")}));
    auto size = std::max(buffer_size->value, buffers->size);
    auto busy = busy_size.is_set() || busy_size->value ? busy_size->value : 2 * size;
    if (busy < size)
        return conf::refuse(cat({quoted(prefix, "busy_buffers_size"), " must be equal to or greater than ", largest(prefix)}));
    if (busy > (buffers->count - 1) * buffers->size)
        return conf::refuse(cat({quoted(prefix, "busy_buffers_size"), " must be less than the size of all ",
                                 quoted(prefix, "buffers"), " minus one buffer"}));
    auto write = temp_write_size.is_set() || temp_write_size->value ? temp_write_size->value : 2 * size;
    if (write < size)
        return conf::refuse(cat({quoted(prefix, "temp_file_write_size"), " must be equal to or greater than ", largest(prefix)}));
    constexpr std::uint64_t kUnset = UINT64_MAX;
    if (!max_temp_size.is_set() && max_temp_size->value == 0) max_temp_size.set_default(conf::Bytes{kUnset});
    max_temp_file = max_temp_size->value == kUnset ? std::uint64_t{1} << 30 : max_temp_size->value;
    if (max_temp_file != 0 && max_temp_file < size)
        return conf::refuse(cat({quoted(prefix, "max_temp_file_size"), " must be equal to zero to disable temporary files usage"
                                 " or must be equal to or greater than ", largest(prefix)}));
    if (*next & kOff) next.set_default(kOff);
    if (temp_path->empty() && &outer != this && hide.asked)
        temp_path.set_default(at.owner<http::Builder>().temp_directory(prefix, cat({prefix, "_temp"})));
    hidden.clear();
    auto passed = [&](std::string_view name) {
        return std::any_of(pass_headers->begin(), pass_headers->end(), [&](auto& p) { return iequals(p, name); });
    };
    for (auto name : hide.names)
        if (!passed(name)) hidden.add(name);
    for (auto& name : *hide_headers)
        if (!passed(name)) hidden.add(name);
    hash = {hide.limits.max_size, hide.limits.bucket_size};
    bool same = &outer != this && hash == outer.hash && *hide_headers == *outer.hide_headers && *pass_headers == *outer.pass_headers;
    return same ? conf::ok() : hidden.check(hide.limits, at);
}

}  // namespace bext::upstream
