#include "http/special.h"

#include "http/connection.h"
#include "http/core_conf.h"
#include "http/escape.h"
#include "http/identity.h"
#include "http/site.h"
#include "http/uri.h"

namespace bext::http {
namespace {

constexpr std::string_view kPadding =
    "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
    "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
    "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
    "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
    "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
    "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n";

struct Page {
    std::string_view title;
    std::string_view detail;  // a second line below "400 Bad Request"
};

Page page_of(int code) {
    switch (code) {
        case 401: return {"401 Authorization Required", {}};
        case 302: return {"302 Found", {}};
        case 494: return {"400 Request Header Or Cookie Too Large", "Request Header Or Cookie Too Large"};
        case 495: return {"400 The SSL certificate error", "The SSL certificate error"};
        case 496: return {"400 No required SSL certificate was sent", "No required SSL certificate was sent"};
        case 497: return {"400 The plain HTTP request was sent to HTTPS port", "The plain HTTP request was sent to HTTPS port"};
        case 498: return {"404 Not Found", {}};
        case 304: return {};
        default: return {code >= 301 ? status::line(code) : std::string_view(), {}};
    }
}

std::string_view signature(Core::Tokens tokens) {
    static const std::string full = identity().full();
    return tokens == Core::Tokens::kOff ? std::string_view(identity().name) : std::string_view(full);
}

std::string_view page_text(Request& request, const Page& page, bool padding) {
    auto tokens = *request.conf<Core>().server_tokens;
    auto heading = page.detail.empty() ? page.title : "400 Bad Request";
    return request.arena.cat({
        "<html>\r\n<head><title>", page.title, "</title></head>\r\n<body>\r\n<center><h1>", heading,
        "</h1></center>\r\n", page.detail.empty() ? "" : "<center>", page.detail,
        page.detail.empty() ? "" : "</center>\r\n", "<hr><center>", signature(tokens),
        "</center>\r\n</body>\r\n</html>\r\n", padding ? kPadding : "",
    });
}

void own_page(Request& request, int code) {
    auto& core = request.conf<Core>();
    request.expect_tested = true;
    if (*core.msie_refresh && request.msie && (code == 301 || code == 302)) {
        if (auto* location = request.out.headers.find(Name::kLocation)) {
            location->gone = true;
            auto text = request.arena.cat({"<html><head><meta http-equiv=\"Refresh\" content=\"0; URL=",
                                           escape(Escape::kRefresh, location->value, request.arena),
                                           "\"></head><body></body></html>\r\n"});
            request.error_status = 0;
            request.reply(status::kOk, "text/html", text);
            return;
        }
    }
    if (code >= 494 && code <= 497) request.error_status = status::kBadRequest;
    auto page = page_of(code);
    bool padding = *core.msie_padding && (request.msie || request.chrome) && request.http_version >= 1000 && code >= 400;
    std::string_view text;
    if (!page.title.empty()) {
        text = page_text(request, page, padding);
        request.out.set_type("text/html");
        request.out.charset = {};
    }
    request.expect_tested = true;  // an error is no reason to send a body
    request.out.clear_content_length();
    request.out.content_length = static_cast<std::int64_t>(text.size());
    request.out.clear_accept_ranges();
    request.out.clear_last_modified();
    request.out.clear_etag();
    request.pending.clear();
    if (!text.empty()) request.pending.push(Piece::memory(text));
}

void drop_keepalive(Request& request, int code) {
    switch (code) {
        case 400: case 413: case 414: case 494: case 495: case 496: case 497: case 500: case 501:
            if (code != 494) request.keepalive = false;
            break;
        default: break;
    }
    if (code == 400 || (code >= 495 && code <= 497)) request.lingering = false;
}

/// The page for an error page that leads nowhere.
bool fail(Request& request) {
    drop_keepalive(request, request.error_status = status::kInternal);
    own_page(request, status::kInternal);
    return false;
}

/// True when the phases go on; false when the answer is ready.
bool send_error_page(Request& request, const ErrorPage& page) {
    if (page.answer > 0 && page.answer != status::kOk) request.expect_tested = true;
    if (page.answer >= 0) request.error_status = page.answer;
    auto target = page.target.evaluate(request);
    if (!target.empty() && target[0] == '/') {
        std::string_view uri = target;
        auto args = split_args(uri);
        if (request.method != Method::kHead) {
            request.method = Method::kGet;
            request.method_name = "GET";
        }
        if (request.redirect(uri, args)) return true;
        return fail(request);
    }
    if (!target.empty() && target[0] == '@') {
        return request.redirect_named(target) || fail(request);
    }
    request.out.headers.remove(Name::kLocation);
    request.out.headers.add("Location", target, Name::kLocation);
    switch (request.error_status) {
        case 301: case 302: case 303: case 307: case 308: break;
        default: request.error_status = status::kFound;
    }
    own_page(request, request.error_status);
    return false;
}

}  // namespace

bool special_response(Request& request, int code) {
    request.error_status = code;
    request.pending.clear();
    drop_keepalive(request, code);
    request.out.set_type({});
    auto& core = request.conf<Core>();
    if (!request.error_page && *core.error_pages && request.uri_changes != 0) {
        if (!*core.recursive_error_pages) request.error_page = true;
        for (auto& page : **core.error_pages)
            if (page.code == code) return send_error_page(request, page);
    }
    own_page(request, code);
    return false;
}

}  // namespace bext::http
