// empty_gif: a transparent picture of one pixel.
// https://nginx.org/en/docs/http/ngx_http_empty_gif_module.html
#include "http/builder.h"

namespace bext::http {
namespace {

/// GIF89a, 1x1, a palette of black and white, white transparent: nginx's own 43 bytes.
constexpr std::string_view kPixel{
    "GIF89a"
    "\x01\x00\x01\x00\x80\x01\x00\x00\x00\x00\xff\xff\xff"  // screen, palette
    "\x21\xf9\x04\x01\x00\x00\x01\x00"                      // transparent colour 1
    "\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00"              // one image
    "\x02\x02\x4c\x01\x00\x3b",
    43};

Verdict send_pixel(Request& r) {
    if (r.method != Method::kGet && r.method != Method::kHead) return Verdict::status(status::kNotAllowed);
    r.out.last_modified = 23349600;  // 28 Sep 1970 06:00:00 GMT
    r.reply(status::kOk, "image/gif", kPixel);
    return Verdict::done();
}

conf::Status empty_gif_here(conf::Cursor& at) {
    at.owner<Builder>().set_content(send_pixel);
    return conf::ok();
}

constexpr conf::Directive kDirectives[] = {
    {"empty_gif", conf::kLocation, conf::kNone, conf::run<empty_gif_here>},
};

}  // namespace

extern constinit const Module empty_gif = {
    .name = "http_empty_gif",
    .directives = kDirectives,
};

}  // namespace bext::http
