// The head of a request: line, header fields, and what they must satisfy (ngx_http_request.c).
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
        return follow(intake_.host(line.host, true));
    }
    return Next::kDone;
}

/// Goes on with what the server says that the host has chosen.
void ClientConnection::follow_wire() {
    if (wire_ != &intake_.wire()) use_wire(*request_->server);
}

/// What the Intake says of the head.
ClientConnection::Next ClientConnection::follow(const http::Refusal& refusal) {
    follow_wire();
    if (refusal.unanswered) return Next::kClose;
    return refusal ? refuse(refusal.status, refusal.why) : Next::kDone;
}

void ClientConnection::use_wire(const http::Server& server) {
    wire_ = static_cast<const http::Wire*>(server.root.records[conf::slot_of<http::Wire>]);
    header_parser_.set_options({*wire_->underscores, false});
}

namespace {

/// Whether the client wants the connection kept: the last field that says so, else its version.
bool wants_keepalive(const http::Request& r) {
    bool keep = r.http_version > 1000;
    if (!r.in.has(Name::kConnection)) return keep;
    for (auto& field : r.in) {
        if (field.known != Name::kConnection) continue;
        if (ifind(field.value, "close") != std::string_view::npos) keep = false;
        else if (ifind(field.value, "keep-alive") != std::string_view::npos) keep = true;
    }
    return keep;
}

}  // namespace

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
        auto field = header_parser_.result(line);
        auto next = follow(intake_.field(field.name, field.value, field.invalid_name));
        if (next != Next::kDone) return next;
    }
}

ClientConnection::Next ClientConnection::head_complete() {
    auto& r = *request_;
    line_done_ = true;
    auto next = follow(intake_.complete());
    if (next != Next::kDone) return next;
    if (plain_on_tls_) return refuse(status::kToHttps, "client sent plain HTTP request to HTTPS port");

    r.keepalive = wants_keepalive(r);
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
