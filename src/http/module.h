// Module: what an nginx HTTP module is here: records of settings, a table of directives, variables, and hooks into the
// phases and filters. modules/list.cpp names every module once, in the order in which its hooks run.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/task.h"
#include "conf/directive.h"
#include "conf/into.h"
#include "http/expr.h"
#include "http/request.h"
#include "http/status.h"

namespace bext::http {

class Builder;

/// What a hook decided.
class Verdict {
public:
    enum class Kind : std::uint8_t { kPass, kAllow, kStatus, kDone, kAgain };

    /// No opinion: the next hook of the phase.
    static constexpr Verdict pass() { return {Kind::kPass, 0}; }
    /// Access phase: let in by this hook.
    static constexpr Verdict allow() { return {Kind::kAllow, 0}; }
    /// End with this status: an error page, a redirect, or an answer without a body.
    static constexpr Verdict status(int code) { return {Kind::kStatus, code}; }
    /// Content: the answer has been given to Request::reply() or sent.
    static constexpr Verdict done() { return {Kind::kDone, 0}; }
    /// The URI changed (Request::redirect()): begin again with the server's rewrite phase.
    static constexpr Verdict again() { return {Kind::kAgain, 0}; }

    Kind kind() const { return kind_; }
    int code() const { return code_; }
    bool passed() const { return kind_ == Kind::kPass; }

private:
    constexpr Verdict(Kind kind, int code) : kind_(kind), code_(code) {}
    Kind kind_;
    int code_;
};

/// A function of a phase: an ordinary one, or a coroutine when it has to wait.
struct Hook {
    using Plain = Verdict (*)(Request&);
    using Waiting = Task<Verdict> (*)(Request&);

    constexpr Hook() = default;
    constexpr Hook(Plain f) : plain(f) {}
    constexpr Hook(Waiting f) : waiting(f) {}
    explicit operator bool() const { return plain || waiting; }

    Plain plain = nullptr;
    Waiting waiting = nullptr;
};

/// A variable of a module. A name that ends in '_' is a prefix: $http_, $arg_ …; `rest` is then what follows it.
struct Variable {
    std::string_view name;
    std::optional<std::string_view> (*get)(Request&, std::string_view rest);
    bool cached = true;                                      // evaluated once per request
    void (*set)(Request&, std::string_view value) = nullptr;  // `set $name` of a built-in
    bool changeable = false;                                 // map, set … may define it anew
};

struct Module {
    std::string_view name;  // nginx's: "http_auth_basic" for ngx_http_auth_basic_module
    std::span<const conf::Record* const> records = {};
    std::span<const conf::Directive> directives = {};
    std::span<const Variable> variables = {};
    Hook post_read = {}, server_rewrite = {}, rewrite = {}, preaccess = {}, access = {}, precontent = {}, content = {};
    /// Before the header is sent: may change the response and add a body filter. A returned status replaces the answer.
    std::optional<int> (*header_filter)(Request&) = nullptr;
    void (*log)(Request&) = nullptr;
    bool always = false;  // its hooks run although none of its directives was given
    /// When the http block closes: once this module's records have what they inherit, module by module (where nginx has
    /// init_main_conf and the merges), and once those of all modules have (postconfiguration).
    conf::Status (*merged)(conf::Cursor&, Builder&) = nullptr;
    conf::Status (*prepare)(conf::Cursor&, Builder&) = nullptr;
};

/// Every module, in order (modules/list.cpp).
std::span<const Module* const> modules();

/// The modules' variable of that lower-case name, and the one whose prefix begins it; null when there is none.
const Variable* builtin_variable(std::string_view name);
const Variable* prefix_variable(std::string_view name);

/// The list of a module's records: `.records = records_of<Conf, Zones>`.
template <class... C>
inline constexpr const conf::Record* records_of_array[] = {&conf::record<C>...};
template <class... C>
inline constexpr std::span<const conf::Record* const> records_of = records_of_array<C...>;

}  // namespace bext::http
