// The head of a request: line, header fields, and what they must satisfy (ngx_http_request.c).
#include "http/host.h"
#include "http/uri.h"
#include "http1/connection.h"

namespace bext::http1 {

using http::Name;
namespace status = http::status;

ClientConnection::Next ClientConnection::refuse(int code, std::string_view why) {
    if (!why.empty()) {
        request_->log_action = head_action();
        if (line_done_ && header_parsed_) request_->log_action = {};
        request_->log(Level::kInfo, why);
        request_->log_action = {};
    }
    refused_ = code;
    return Next::kRefused;
}

/// Makes room for more of the line that begins at line_begin_: a line never spans buffers. False: it is too long.
bool ClientConnection::grow(std::size_t line_begin) {
    auto& limits = *wire_->large_header_buffers;
    auto line = std::string_view(in_.data + line_begin, in_.end - line_begin);
    if (line.size() >= limits.size || large_ >= limits.count) return false;
    Buffer bigger;
    bigger.size = limits.size;
    bigger.data = static_cast<char*>(pool_allocate(bigger.size));
    std::memcpy(bigger.data, line.data(), line.size());
    bigger.end = line.size();
    ++large_;
    old_.push_back(in_);
    in_ = bigger;
    line_begin_ = 0;
    return true;
}

ClientConnection::Next ClientConnection::parse() {
    header_parsed_ = false;
    if (!line_done_) {
        auto next = parse_line();
        if (next != Next::kDone) return next;
        if (request_->http_version < 1000) return head_complete();
    }
    return parse_headers();
}

ClientConnection::Next ClientConnection::want_more_line() {
    line_begin_ += line_parser_.drop_leading();
    if (line_begin_ == in_.end) line_begin_ = in_.begin = in_.end = 0;
    if (!in_.full()) return Next::kMore;
    if (line_begin_ > 0 && large_ == 0) {
        std::memmove(in_.data, in_.data + line_begin_, in_.end - line_begin_);
        in_.end -= line_begin_;
        in_.begin = line_begin_ = 0;
        return Next::kMore;
    }
    if (grow(line_begin_)) return Next::kMore;
    request_->line = {in_.data + line_begin_, in_.end - line_begin_};
    request_->lingering = true;
    return refuse(status::kUriTooLong, "client sent too long URI");
}

ClientConnection::Next ClientConnection::refuse_line(Parse verdict) {
    auto& r = *request_;
    std::string_view why = "client sent invalid request";
    if (verdict == Parse::kInvalidMethod) why = "client sent invalid method";
    if (verdict == Parse::kInvalidVersion) why = "client sent invalid version";
    if (verdict == Parse::kInvalid09) why = "client sent invalid method in HTTP/0.9 request";
    auto text = std::string_view(in_.data + line_begin_, in_.end - line_begin_).substr(line_parser_.start());
    r.line = text.substr(0, text.find_first_of("\r\n"));
    if (verdict == Parse::kInvalid09) r.http_version = 9;
    return refuse(verdict == Parse::kInvalidVersion ? status::kVersion : status::kBadRequest, why);
}

ClientConnection::Next ClientConnection::parse_line() {
    auto& r = *request_;
    auto verdict = line_parser_.feed(in_.data + line_begin_, in_.end - line_begin_);
    if (verdict == Parse::kAgain) return want_more_line();
    if (verdict != Parse::kDone) return refuse_line(verdict);
    auto line = line_parser_.result(in_.data + line_begin_);
    r.line = line.line;
    head_size_ = line_parser_.consumed() - line_parser_.start();
    in_.begin = line_begin_ += line_parser_.consumed();
    r.method_name = line.method;
    r.method = http::method_of(line.method);
    r.target = line.target;
    r.protocol = line.protocol;
    r.http_version = line.http09 ? 9 : line.major * 1000 + line.minor;
    line_done_ = true;
    r.complex_uri = line.complex;
    if (line.complex) {
        http::NormalisedUri uri;
        if (!http::normalise(line.target, *wire_->merge_slashes, r.arena, uri)) {
            line_done_ = false;
            r.uri = {"", 0};
            return refuse(status::kBadRequest, "client sent invalid request");
        }
        if (line.target.starts_with('?')) r.raw_uri_valid = false;  // "http://host?x": no path to pass on as it came
        r.uri = uri.path;
        if (!uri.args.empty()) r.args = uri.args;
        r.extension = uri.exten;
        r.plus_in_uri = uri.plus;
        r.quoted_uri = uri.quoted;
    } else {
        r.uri = line.path;
        if (!line.args.empty()) r.args = line.args;
        r.extension = http::extension(line.path);
        r.plus_in_uri = line.plus;
    }
    if (line.has_host) {
        r.scheme_host = line.host;
        return use_host(line.host, true);
    }
    return Next::kDone;
}

ClientConnection::Next ClientConnection::use_host(std::string_view text, bool from_line) {
    auto& r = *request_;
    http::Host host;
    if (text.empty() || !http::validate_host(text, r.arena, host)) {
        return refuse(status::kBadRequest, from_line ? "client sent invalid host in request line" : "client sent invalid host header");
    }
    r.host = host.name;
    r.host_port = host.port_text;
    auto found = listen->hosts.find(r.host);
    if (found.failure) {
        r.log(Level::kAlert, found.regex->failure(found.failure, r.host));
        return Next::kClose;
    }
    if (found.server != r.server) use_server(*found.server);
    if (found.regex) r.match(*found.regex, r.host);
    return Next::kDone;
}

void ClientConnection::use_server(const http::Server& server) {
    request_->server = &server;
    request_->enter(server.root);
    use_wire(server);
}

void ClientConnection::use_wire(const http::Server& server) {
    wire_ = static_cast<const http::Wire*>(server.root.records[conf::slot_of<http::Wire>]);
    header_parser_.set_options({*wire_->underscores, false});
}

ClientConnection::Next ClientConnection::duplicate(const http::Header& earlier, const HeaderLine& line) {
    auto why = request_->arena.cat({"client sent duplicate ", earlier.known == Name::kHost ? "host header" : "header line", ": \"", line.name, ": ", line.value,
                                    "\", previous value: \"", earlier.name, ": ", earlier.value, "\""});
    return refuse(status::kBadRequest, why);
}

void ClientConnection::note_connection(std::string_view value) {
    if (ifind(value, "close") != std::string_view::npos)
        persistence_ = Persistence::kClose;
    else if (ifind(value, "keep-alive") != std::string_view::npos)
        persistence_ = Persistence::kKeepAlive;
}

void ClientConnection::note_user_agent(std::string_view value) {
    auto& r = *request_;
    auto msie = value.find("MSIE ");
    if (msie != std::string_view::npos && msie + 7 < value.size()) {
        r.msie = true;
        if (value[msie + 6] == '.') {
            char major = value[msie + 5];
            r.msie6 = major == '4' || major == '5' || (major == '6' && value.find("SV1", msie + 8) == std::string_view::npos);
        }
    }
    if (value.find("Opera") != std::string_view::npos) r.msie = r.msie6 = false;
    if (r.msie || r.msie6) return;
    if (value.find("Gecko/") != std::string_view::npos) return;
    r.chrome = value.find("Chrome/") != std::string_view::npos;
    r.safari = !r.chrome && value.find("Safari/") != std::string_view::npos && value.find("Mac OS X") != std::string_view::npos;
}

namespace {

/// Headers that may occur once (ngx_http_process_unique_header_line).
bool unique(Name name) {
    switch (name) {
        case Name::kHost: case Name::kIfModifiedSince: case Name::kIfUnmodifiedSince: case Name::kIfMatch:
        case Name::kIfNoneMatch: case Name::kContentLength: case Name::kContentRange: case Name::kIfRange:
        case Name::kTransferEncoding: case Name::kExpect: case Name::kAuthorization: case Name::kProxyAuthorization:
            return true;
        default: return false;
    }
}

}  // namespace

ClientConnection::Next ClientConnection::take_header(const HeaderLine& line) {
    auto& r = *request_;
    if (line.invalid_name && *wire_->ignore_invalid_headers) {
        r.log_action = "reading client request headers";
        r.log(Level::kInfo, r.arena.cat({"client sent invalid header line: \"", line.name, ": ", line.value, "\""}));
        r.log_action = {};
        return Next::kDone;
    }
    if (header_count_++ >= static_cast<unsigned>(*wire_->max_headers)) {
        r.lingering = true;
        return refuse(status::kHeaderTooLarge, "client sent too many header lines");
    }
    auto known = http::known_name(line.name);
    if (unique(known))
        if (auto* earlier = r.in.find(known)) return duplicate(*earlier, line);
    r.in.add(line.name, line.value, known);
    switch (known) {
        case Name::kConnection: note_connection(line.value); break;
        case Name::kUserAgent: note_user_agent(line.value); break;
        case Name::kHost: {
            if (!r.scheme_host.data()) {
                auto next = use_host(line.value, false);
                if (next != Next::kDone) return next;
            } else {
                http::Host host;
                if (!http::validate_host(line.value, r.arena, host))
                    return refuse(status::kBadRequest, "client sent invalid host header");
            }
            break;
        }
        default: break;
    }
    return Next::kDone;
}

ClientConnection::Next ClientConnection::parse_headers() {
    for (;;) {
        auto verdict = header_parser_.feed(in_.data + line_begin_, in_.end - line_begin_);
        if (verdict == Parse::kAgain) {
            if (!in_.full()) return Next::kMore;
            if (grow(line_begin_)) return Next::kMore;
            request_->lingering = true;
            auto text = std::string_view(in_.data + line_begin_, in_.end - line_begin_).substr(0, 1748);
            return refuse(status::kHeaderTooLarge,
                          text.empty() ? std::string_view("client sent too large request")
                                       : request_->arena.cat({"client sent too long header line: \"", text, "...\""}));
        }
        if (verdict == Parse::kInvalid) {
            auto bad = std::string_view(in_.data + line_begin_, in_.end - line_begin_);
            auto text = bad.substr(0, header_parser_.bad_at());
            char byte[8];
            snprintf(byte, sizeof byte, "\\x%02x", static_cast<unsigned char>(header_parser_.bad_at() < bad.size() ? bad[header_parser_.bad_at()] : 0));
            in_.begin = in_.end;
            return refuse(status::kBadRequest, request_->arena.cat({"client sent invalid header line: \"", text, byte, "...\""}));
        }
        auto* line = in_.data + line_begin_;
        in_.begin = line_begin_ += header_parser_.consumed();
        head_size_ += header_parser_.consumed();
        if (verdict == Parse::kEnd) return head_complete();
        auto next = take_header(header_parser_.result(line));
        if (next != Next::kDone) return next;
    }
}

ClientConnection::Next ClientConnection::head_complete() {
    auto& r = *request_;
    line_done_ = true;
    if (!r.host.data()) use_server(*listen->hosts.find({}).server);
    if (!r.in.has(Name::kHost) && r.http_version > 1000)
        return refuse(status::kBadRequest, "client sent HTTP/1.1 request without \"Host\" header");
    if (auto* length = r.in.find(Name::kContentLength)) {
        auto value = parse_decimal(length->value);
        if (!value) return refuse(status::kBadRequest, "client sent invalid \"Content-Length\" header");
        r.content_length = static_cast<std::int64_t>(*value);
    }
    if (auto* coding = r.in.find(Name::kTransferEncoding)) {
        if (r.http_version < 1001)
            return refuse(status::kBadRequest, "client sent HTTP/1.0 request with \"Transfer-Encoding\" header");
        if (!iequals(coding->value, "chunked"))
            return refuse(status::kNotImplemented, r.arena.cat({"client sent unknown \"Transfer-Encoding\": \"", coding->value, "\""}));
        if (r.in.has(Name::kContentLength))
            return refuse(status::kBadRequest, "client sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time");
        r.chunked_body = true;
    }
    if (r.method == http::Method::kConnect) return refuse(status::kNotAllowed, "client sent CONNECT method");
    if (r.method == http::Method::kTrace) return refuse(status::kNotAllowed, "client sent TRACE method");
    if (plain_on_tls_) return refuse(status::kToHttps, "client sent plain HTTP request to HTTPS port");

    r.keepalive = persistence_ == Persistence::kUnsaid ? r.http_version > 1000 : persistence_ == Persistence::kKeepAlive;
    r.lingering = r.content_length > 0 || r.chunked_body;
    r.enter(r.server->root);  // keep-alive depends on the server
    body_left_ = r.content_length > 0 ? r.content_length : 0;
    body_size_ = 0;
    body_done_ = !r.chunked_body && body_left_ == 0;
    continue_sent_ = false;
    chunked_.reset();
    if (!body_done_ || r.in.has(Name::kExpect)) r.body.source = this;  // who waits for a 100 gets it, body or not
    return Next::kDone;
}

}  // namespace bext::http1
