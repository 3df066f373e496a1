#include "http/request.h"

#include <algorithm>

#include "http/connection.h"
#include "http/core_conf.h"
#include "http/escape.h"
#include "http/site.h"
#include "http/thread.h"
#include "http/uri.h"

namespace bext::http {

Method method_of(std::string_view name) {
    struct Known {
        std::string_view text;
        Method method;
    };
    static constexpr Known kMethods[] = {
        {"GET", Method::kGet}, {"HEAD", Method::kHead}, {"POST", Method::kPost}, {"PUT", Method::kPut},
        {"DELETE", Method::kDelete}, {"OPTIONS", Method::kOptions}, {"PATCH", Method::kPatch}, {"MKCOL", Method::kMkcol},
        {"COPY", Method::kCopy}, {"MOVE", Method::kMove}, {"PROPFIND", Method::kPropfind},
        {"PROPPATCH", Method::kProppatch}, {"LOCK", Method::kLock}, {"UNLOCK", Method::kUnlock}, {"TRACE", Method::kTrace},
        {"CONNECT", Method::kConnect},
    };
    for (auto& known : kMethods)
        if (known.text == name) return known.method;
    return Method::kOther;
}

void Response::weaken_etag(Arena& arena) {
    auto* etag = headers.find(Name::kEtag);
    if (!etag || etag->value.starts_with("W/")) return;
    if (etag->value.empty() || etag->value[0] != '"') return clear_etag();
    etag->value = arena.cat({"W/", etag->value});
}

void Response::clear() {
    headers.clear();
    status = 0;
    status_line = {};
    content_length = -1;
    content_type = type_rest = charset = {};
    last_modified = -1;
    trailers = nullptr;
    allow_ranges = single_range = vary_by_encoding = chunked = header_only = false;
    content_offset = 0;
}

Request::Request(Connection& connection, Sink& sink)
    : connection(connection),
      sink(&sink),
      main(*this),
      parent(nullptr),
      subrequest(nullptr),
      use_(Thread::current().site->acquire()),
      site(&use_->site()),
      in(arena),
      client_(&connection.client) {}

Request::Request(Request& of, Sink& sink, Subrequest& subrequest)
    : connection(of.connection),
      sink(&sink),
      main(of.main),
      parent(&of),
      subrequest(&subrequest),
      use_(of.use_->acquire()),
      site(of.site),
      in(of.in),
      values_(of.values()) {
    line = of.line;
    protocol = of.protocol;
    target = of.target;
    scheme_host = of.scheme_host;
    http_version = of.http_version;
    host = of.host;
    host_port = of.host_port;
    content_length = of.content_length;
    chunked_body = of.chunked_body;
    msie = of.msie, msie6 = of.msie6, chrome = of.chrome, safari = of.safari;
    method = Method::kGet;
    method_name = "GET";
    server = of.server;
    subrequests_left = of.subrequests_left - 1;
    internal = expect_tested = true;
    raw_uri_valid = false;
    in_slices = main.in_slices;
    bodiless = of.bodiless || !main.body.read;
    start_ms = net::Loop::current().unix_milliseconds();
    start_tick = net::Loop::current().now();
    enter(server->root);
    phase = Site::kServerRewrite;
}

Request::~Request() {
    arena.clear();  // what lives there may still look at this request or its Site
    use_->release();
}

void** Request::context_slot(const void* key) {
    for (auto& slot : contexts_)
        if (slot.key == key) return &slot.value;
    return &contexts_.push({key, nullptr}).value;
}

void Request::set_uri(std::string_view new_uri) {
    uri = new_uri;
    extension = http::extension(uri);
}

bool Request::redirect(std::string_view new_uri, std::string_view new_args) {
    if (--uri_changes == 0) {
        log(Level::kError, arena.cat({"rewrite or internal redirection cycle while internally redirecting to \"", new_uri, "\""}));
        uri_changes = 1;
        return false;
    }
    set_uri(new_uri);
    args = new_args;
    log_action = {};
    internal = true;
    raw_uri_valid = false;
    location_valid = true;
    add_uri_to_alias = false;
    clear_contexts();
    enter(server->root);
    phase = Site::kServerRewrite;
    next_hook = 0;
    named = false;
    access_code = 0;
    satisfied = false;
    undecided_ = Undecided::kNo;
    return true;
}

bool Request::redirect_named(std::string_view name) {
    if (--uri_changes == 0) {
        log(Level::kError, arena.cat({"rewrite or internal redirection cycle while redirect to named location \"", name, "\""}));
        uri_changes = 1;
        return false;
    }
    if (uri.empty()) {
        log(Level::kError, arena.cat({"empty URI in redirect to named location \"", name, "\""}));
        return false;
    }
    auto at = server->named.find(name);
    if (at == server->named.end()) {
        log(Level::kError, arena.cat({"could not find named location \"", name, "\""}));
        return false;
    }
    internal = true;
    content_handler = nullptr;
    uri_changed = false;
    named = true;
    clear_contexts();
    enter(*at->second);
    phase = Site::kRewrite;
    next_hook = 0;
    access_code = 0;
    satisfied = false;
    undecided_ = Undecided::kNo;
    return true;
}

void Request::reply(int status, std::string_view type, std::string_view text) {
    out.status = status;
    out.content_length = static_cast<std::int64_t>(text.size());
    if (!type.empty()) out.set_type(type);
    if (!text.empty()) pending.push(Piece::memory(text));
}

bool Request::chunked_allowed() const { return *conf<Client>().chunked; }

void Request::set_content_type() {
    if (!out.content_type.empty()) return;
    auto& core = conf<Core>();
    auto& types = conf<Types>().table;
    if (!extension.empty() && *types) {
        char low[32];
        if (extension.size() <= sizeof low) {
            std::transform(extension.begin(), extension.end(), low, to_lower);
            auto at = (*types)->find(std::string_view(low, extension.size()));
            if (at != (*types)->end()) {
                out.content_type = at->second;
                return;
            }
        }
    }
    out.content_type = *core.default_type;
}

void Request::set_etag(std::time_t modified, std::uint64_t size) {
    if (!*conf<Core>().etag) return;
    char text[48];
    int n = snprintf(text, sizeof text, "\"%lx-%lx\"", static_cast<unsigned long>(modified), static_cast<unsigned long>(size));
    out.headers.add("ETag", arena.copy({text, static_cast<std::size_t>(n)}), Name::kEtag);
}

Request::Value* Request::values() {
    if (!values_) {
        auto count = site->variables.size();
        values_ = static_cast<Value*>(arena.allocate((count ? count : 1) * sizeof(Value), alignof(Value)));
        std::uninitialized_value_construct_n(values_, count);
    }
    return values_;
}

std::string_view Request::path_of(std::string_view of, std::size_t* root_size) {
    auto& core = conf<Core>();
    auto alias = *core.alias_size;
    if (alias && !location_valid) {
        log(Level::kAlert, arena.cat({"\"alias\" cannot be used in location \"", location->name, "\" where URI was rewritten"}));
        return {};
    }
    auto root = core.root_for(*this);
    if (root.find('\0') != std::string_view::npos) return {};
    if (root_size) *root_size = root.size();
    if (alias == kWholeAlias) alias = add_uri_to_alias ? 0 : of.size();
    auto path = arena.cat({root, of.size() >= alias ? of.substr(alias) : std::string_view(), {"\0", 1}});
    return path.substr(0, path.size() - 1);
}

const Log& Request::error_log() const {
    if (records && *conf<Core>().error_log) return **conf<Core>().error_log;
    return *site->error_log;
}

namespace {

/// Client bytes for the error log: controls are escaped, so that a line stays a line.
void append_client_text(std::string& out, std::string_view text) {
    for (char c : text) {
        auto u = static_cast<unsigned char>(c);
        if (u >= 0x20 && u != 0x7f) {
            out += c;
        } else {
            constexpr char kHex[] = "0123456789ABCDEF";
            out += "\\x";
            out += kHex[u >> 4];
            out += kHex[u & 15];
        }
    }
}

}  // namespace

void Request::log(Level level, std::string_view text, int error) const {
    auto& target = error_log();
    if (!target.wants(level)) return;
    try {
        target.write(level, log_line(text, error));
    } catch (const std::bad_alloc&) {
        target.write(level, text);  // without what needs memory
    }
}

std::string Request::log_line(std::string_view text, int error) const {
    std::string message = "*" + std::to_string(connection.number) + " ";
    append_client_text(message, text);
    if (error) message += errno_text(error);
    if (!log_action.empty()) message.append(" while ").append(log_action);
    message.append(", client: ").append(client().text());
    message.append(", server: ").append(server ? server->name() : std::string_view());
    if (!main.line.empty()) {
        message += ", request: \"";
        append_client_text(message, main.line);
        message += '"';
    }
    if (parent) message.append(", subrequest: \"").append(uri).append("\"");
    if (!upstream_name.empty()) message.append(", upstream: \"").append(upstream_name).append("\"");
    if (auto* h = main.in.find(Name::kHost)) {
        message += ", host: \"";
        append_client_text(message, h->value);
        message += '"';
    }
    if (auto* h = main.in.find(Name::kReferer)) {
        message += ", referrer: \"";
        append_client_text(message, h->value);
        message += '"';
    }
    return message;
}

}  // namespace bext::http
