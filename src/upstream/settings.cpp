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

Status set_temp_path(Cursor& at, Settings& settings) {
    if (settings.temp_path.is_set()) return conf::directive_is("is duplicate");
    auto path = at.full_path(at.arg(1));
    at.owner<http::Builder>().site->temp_directories.push_back(path);
    settings.temp_path.set(std::move(path));
    return conf::ok();
}

Status store(Cursor& at) {
    if (at.name().ends_with("_access") || at.arg(1) == "off") return conf::ok();
    return conf::refuse(cat({"\"", at.name(), "\" is not supported by bext: only \"off\" is"}));
}

namespace {

std::string quoted(std::string_view prefix, std::string_view name) { return cat({"\"", prefix, "_", name, "\""}); }

/// The size of the largest buffer, by its directives' names.
std::string largest(std::string_view prefix) {
    return cat({"the maximum of the value of ", quoted(prefix, "buffer_size"), " and one of the ", quoted(prefix, "buffers")});
}

}  // namespace

Status Settings::finish_settings(Cursor& at, const Settings& outer, std::string_view prefix, std::span<const std::string_view> hide) {
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
    if (temp_path->empty() && &outer != this)
        temp_path.set_default(at.owner<http::Builder>().temp_directory(prefix, cat({prefix, "_temp"})));
    hidden.clear();
    auto passed = [&](std::string_view name) {
        return std::any_of(pass_headers->begin(), pass_headers->end(), [&](auto& p) { return iequals(p, name); });
    };
    for (auto name : hide)
        if (!passed(name)) hidden.add(name);
    for (auto& name : *hide_headers)
        if (!passed(name)) hidden.add(name);
    return conf::ok();
}

}  // namespace bext::upstream
