// v2: HTTP/2 to clients. What it does is in http2/.
// https://nginx.org/en/docs/http/ngx_http_v2_module.html
#include "http/connection.h"
#include "http/core_conf.h"
#include "http/module.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

constexpr std::uint64_t kMaxWindow = 0x7fffffff, kMaxFrame = 0xffffff;

Status preread_size(Cursor& at, Http2& http2) {
    if (http2.preread_size.is_set()) return conf::directive_is("is duplicate");
    conf::Bytes size;
    if (auto bad = conf::Parse<conf::Bytes>::from(at, size)) return bad;
    if (size.value > kMaxWindow) return conf::refuse("the maximum body preread buffer size is 2147483647");
    http2.preread_size.set(size);
    return conf::ok();
}

Status chunk_size(Cursor& at, Http2Chunk& chunk) {
    if (chunk.size.is_set()) return conf::directive_is("is duplicate");
    conf::Bytes size;
    if (auto bad = conf::Parse<conf::Bytes>::from(at, size)) return bad;
    if (size.value == 0) return conf::refuse("the http2 chunk size cannot be zero");
    chunk.size.set({std::min(size.value, kMaxFrame)});
    return conf::ok();
}

/// Buffers and tables of nginx's own, which bext has no use for: only what nginx would refuse is.
Status recv_buffer_size(Cursor& at) {
    conf::Bytes size;
    if (auto bad = conf::Parse<conf::Bytes>::from(at, size)) return bad;
    return size.value <= 16 ? conf::directive_is("value is too small") : conf::ok();
}

Status pool_size(Cursor& at) {
    conf::Bytes size;
    if (auto bad = conf::Parse<conf::Bytes>::from(at, size)) return bad;
    if (size.value < 112) return conf::refuse("the pool size must be no less than 112");
    return size.value % 16 ? conf::refuse("the pool size must be a multiple of 16") : conf::ok();
}

Status streams_index_size(Cursor& at) {
    std::int64_t size = 0;
    if (auto bad = conf::Parse<std::int64_t>::from(at, size)) return bad;
    return size == 0 || (size & (size - 1)) ? conf::directive_is("must be a power of two") : conf::ok();
}

/// What nginx had once; it says what is to be used instead, and goes on.
Status obsolete(Cursor& at) {
    static constexpr std::pair<std::string_view, std::string_view> kInstead[] = {
        {"http2_recv_timeout", "client_header_timeout"},     {"http2_idle_timeout", "keepalive_timeout"},
        {"http2_max_requests", "keepalive_requests"},        {"http2_max_field_size", "large_client_header_buffers"},
        {"http2_max_header_size", "large_client_header_buffers"},
    };
    for (auto& [name, instead] : kInstead)
        if (at.arg(0) == name) {
            at.warn(cat({"the \"", name, "\" directive is obsolete, use the \"", instead, "\" directive instead"}));
            return conf::ok();
        }
    at.warn(cat({"the \"", at.arg(0), "\" directive is obsolete, ignored"}));
    return conf::ok();
}

std::optional<std::string_view> http2(Request& r, std::string_view) {
    if (r.main.http_version != 2000) return std::string_view();
    return std::string_view(r.connection.tls ? "h2" : "h2c");
}

constexpr auto kHttpServer = conf::kHttpBlock | conf::kServer;

constexpr conf::Directive kDirectives[] = {
    {"http2", kHttpServer, conf::kFlag, conf::into<&Http2::enable>},
    {"http2_max_concurrent_streams", kHttpServer, conf::kOne, conf::into<&Http2::concurrent_streams>},
    {"http2_body_preread_size", kHttpServer, conf::kOne, conf::call<preread_size, &Http2::preread_size>},
    {"http2_chunk_size", conf::kHttp, conf::kOne, conf::call<chunk_size, &Http2Chunk::size>},
    {"http2_recv_buffer_size", conf::kHttpBlock, conf::kOne, conf::run_once<recv_buffer_size>},
    {"http2_pool_size", kHttpServer, conf::kOne, conf::run_once<pool_size>},
    {"http2_streams_index_size", kHttpServer, conf::kOne, conf::run_once<streams_index_size>},
    {"http2_max_concurrent_pushes", kHttpServer, conf::kOne, conf::run<obsolete>},
    {"http2_max_requests", kHttpServer, conf::kOne, conf::run<obsolete>},
    {"http2_max_field_size", kHttpServer, conf::kOne, conf::run<obsolete>},
    {"http2_max_header_size", kHttpServer, conf::kOne, conf::run<obsolete>},
    {"http2_recv_timeout", kHttpServer, conf::kOne, conf::run<obsolete>},
    {"http2_idle_timeout", kHttpServer, conf::kOne, conf::run<obsolete>},
    {"http2_push_preload", conf::kHttp, conf::kFlag, conf::run<obsolete>},
    {"http2_push", conf::kHttp, conf::kOne, conf::run<obsolete>},
};

constexpr Variable kVariables[] = {{"http2", http2}};

}  // namespace

extern constinit const Module v2 = {
    .name = "http_v2",
    .records = records_of<Http2, Http2Chunk>,
    .directives = kDirectives,
    .variables = kVariables,
};

}  // namespace bext::http
