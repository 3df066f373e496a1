// auth_basic: name and password from a file (RFC 7617).
// https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/pulse.h"
#include "http/builder.h"
#include "http/escape.h"
#include "http/password.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

struct Conf {
    conf::Setting<Expr> realm;
    conf::Setting<Expr> file;
    conf::Setting<std::string> directory;  // that a file named by a variable is below
};

Status user_file(Cursor& at, Conf& conf) {
    if (conf.file.is_set()) return conf::directive_is("is duplicate");
    auto text = at.arg(1).starts_with('$') ? at.arg(1) : at.conf_path(at.arg(1));
    auto file = Expr::compile(text, at.owner<Builder>());
    if (!file) return conf::refuse(file.error().text);
    conf.file.set(std::move(*file));
    conf.directory.set(at.conf_path(""));
    return conf::ok();
}

struct Credentials {
    std::string user, password;
};

std::optional<Credentials> credentials(Request& r) {
    auto given = r.in.value(Name::kAuthorization);
    if (!istarts_with(given, "Basic ")) return std::nullopt;
    given.remove_prefix(6);
    while (given.starts_with(' ')) given.remove_prefix(1);
    auto text = given.empty() ? std::nullopt : decode_base64(given);
    if (!text) return std::nullopt;
    auto colon = text->find(':');
    if (colon == 0 || colon == std::string::npos) return std::nullopt;
    return Credentials{text->substr(0, colon), text->substr(colon + 1)};
}

Verdict demand(Request& r, std::string_view realm) {
    r.out.headers.add("WWW-Authenticate", r.arena.cat({"Basic realm=\"", realm, "\""}), Name::kWwwAuthenticate);
    return Verdict::status(status::kUnauthorized);
}

/// The whole of the file; an errno when it cannot be read.
int read_file(const char* path, std::string& out, bool& opened) {
    Blocking mark("read", path);
    Fd file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    opened = file.get() >= 0;
    if (!opened) return errno;
    char buffer[16384];
    for (;;) {
        auto n = ::read(file.get(), buffer, sizeof buffer);
        if (n == 0) return 0;
        if (n < 0) return errno;
        out.append(buffer, static_cast<std::size_t>(n));
    }
}

/// What the file holds for `user`: "name:password", up to a further colon; lines that begin with # are comments.
std::optional<std::string> stored_password(std::string_view text, std::string_view user) {
    while (!text.empty()) {
        auto end = text.find('\n');
        auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line[0] == '#' || line[0] == '\r') continue;
        if (!line.starts_with(user) || line.size() <= user.size() || line[user.size()] != ':') continue;
        line.remove_prefix(user.size() + 1);
        return std::string(line.substr(0, line.find_first_of("\r:")));
    }
    return std::nullopt;
}

Task<Verdict> check(Request& r) {
    auto& conf = r.conf<Conf>();
    if (!conf.realm.is_set() || !conf.file.is_set()) co_return Verdict::pass();
    auto realm = conf.realm->evaluate(r);
    if (realm == "off") co_return Verdict::pass();
    auto given = credentials(r);
    if (!given) {
        r.log(Level::kInfo, "no user/password was provided for basic authentication");
        co_return demand(r, realm);
    }
    std::string path(conf.file->evaluate(r)), text;
    if (!path.starts_with('/')) path.insert(0, *conf.directory);
    bool opened = false;
    if (int error = read_file(path.c_str(), text, opened)) {
        bool missing = error == ENOENT;
        r.log(missing ? Level::kError : Level::kCrit, r.arena.cat({opened ? "read() \"" : "open() \"", path, "\" failed"}), error);
        co_return Verdict::status(missing ? status::kForbidden : status::kInternal);
    }
    auto stored = stored_password(text, given->user);
    if (!stored) {
        r.log(Level::kError, r.arena.cat({"user \"", given->user, "\" was not found in \"", path, "\""}));
        co_return demand(r, realm);
    }
    auto verdict = co_await check_password_aside(std::move(given->password), std::move(*stored));
    if (verdict == PasswordVerdict::kFailed) {
        r.log(Level::kCrit, "crypt_r() failed");
        co_return Verdict::status(status::kInternal);
    }
    if (verdict == PasswordVerdict::kMatch) co_return Verdict::allow();
    r.log(Level::kError, r.arena.cat({"user \"", given->user, "\": password mismatch"}));
    co_return demand(r, realm);
}

constexpr auto kWhere = conf::kHttp | conf::kLimitExcept;

constexpr conf::Directive kDirectives[] = {
    {"auth_basic", kWhere, conf::kOne, conf::into<&Conf::realm>},
    {"auth_basic_user_file", kWhere, conf::kOne, conf::call<user_file, &Conf::file, &Conf::directory>},
};

}  // namespace

extern constinit const Module auth_basic = {
    .name = "http_auth_basic",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .access = check,
};

}  // namespace bext::http
