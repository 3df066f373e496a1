// core, second part: the client's connection: sizes, timeouts, keep-alive, sending.
// https://nginx.org/en/docs/http/ngx_http_core_module.html
#include "http/builder.h"
#include "http/core_conf.h"
#include "http/module.h"

namespace bext::http {

conf::Status Client::finish(const Client& outer, conf::Cursor& at) {
    if (&outer != this) return conf::ok();  // what is inside has the defaults from here
    auto nginx = at.owner<Builder>().site->nginx;
    keepalive_requests.set_default(compatible::keepalive_requests(nginx));
    if (!compatible::limits_keepalive_time(nginx)) keepalive_time.set_default(conf::Millis(INT64_MAX));
    return conf::ok();
}

namespace {

using conf::Cursor;
using conf::Status;

Status keepalive_timeout(Cursor& at, Client& client) {
    if (client.keepalive_timeout.is_set()) return conf::directive_is("is duplicate");
    auto timeout = conf::parse_millis(at.arg(1));
    if (!timeout) return conf::directive_is("invalid value");
    client.keepalive_timeout.set(*timeout);
    if (at.count() == 2) return conf::ok();
    auto header = conf::parse_seconds(at.arg(2));
    if (!header) return conf::directive_is("invalid value");
    client.keepalive_header.set(*header);
    return conf::ok();
}

Status client_body_temp_path(Cursor& at, Client& client) {
    return at.owner<Builder>().temp_path(at, client.body_temp_path);
}

Status aio(Cursor& at) {
    if (at.arg(1) == "off" || at.arg(1) == "on" || at.arg(1).starts_with("threads")) return conf::ok();
    return conf::directive_is("invalid value");
}
Status size_or_off(Cursor& at) {
    if (at.arg(1) == "off") return conf::ok();
    if (!conf::parse_file_size(at.arg(1))) return conf::directive_is("invalid value");
    return conf::ok();
}
Status open_file_cache(Cursor& at) {
    bool max = false;
    for (std::size_t i = 1; i < at.count(); ++i) {
        std::string_view word = at.arg(i);
        bool good = word == "off";
        if (word.starts_with("max=")) good = max = parse_decimal(word.substr(4)).value_or(0) > 0;
        if (word.starts_with("inactive=")) good = conf::parse_seconds(word.substr(9)).has_value();
        if (word == "off") max = true;
        if (!good) return conf::refuse(cat({"invalid \"open_file_cache\" parameter \"", word, "\""}));
    }
    return max ? conf::ok() : conf::refuse("\"open_file_cache\" must have the \"max\" parameter");
}

/// limit_rate and limit_rate_after: a size, or an expression that gives one.
template <auto M>
Status rate(Cursor& at, Client& client) {
    return read_size(at, client.*M);
}

/// Pool sizes of nginx's allocator, which bext has no use for.
Status pool_size(Cursor& at) {
    conf::Bytes value;
    if (auto bad = conf::Parse<conf::Bytes>::from(at, value)) return bad;
    if (value.value < 112) return conf::refuse("the pool size must be no less than 112");
    if (value.value % 16) return conf::refuse("the pool size must be a multiple of 16");
    return conf::ok();
}

constexpr conf::Word kInFile[] = {{"off", 0}, {"on", 1}, {"clean", 2}};
constexpr conf::Word kLingering[] = {{"off", 0}, {"on", 1}, {"always", 2}};
constexpr conf::Word kDisable[] = {{"none", 1}, {"msie6", 2}, {"safari", 4}};

constexpr auto kHttpIf = conf::kHttp | conf::kLocationIf;
constexpr auto kHttpServer = conf::kHttpBlock | conf::kServer;

constexpr conf::Directive kDirectives[] = {
    {"client_max_body_size", conf::kHttp, conf::kOne, conf::into<&Client::max_body_size>},
    {"client_body_buffer_size", conf::kHttp, conf::kOne, conf::into<&Client::body_buffer_size>},
    {"client_body_timeout", conf::kHttp, conf::kOne, conf::into<&Client::body_timeout>},
    {"client_body_temp_path", conf::kHttp, conf::kOne | conf::kTwo | conf::kThree | conf::kFour,
     conf::call<client_body_temp_path, &Client::body_temp_path>},
    {"client_body_in_file_only", conf::kHttp, conf::kOne, conf::one_of<&Client::body_in_file_only, kInFile>},
    {"client_body_in_single_buffer", conf::kHttp, conf::kFlag, conf::into<&Client::body_in_single_buffer>},
    {"send_timeout", conf::kHttp, conf::kOne, conf::into<&Client::send_timeout>},
    {"keepalive_timeout", conf::kHttp, conf::kOne | conf::kTwo,
     conf::call<keepalive_timeout, &Client::keepalive_timeout, &Client::keepalive_header>},
    {"keepalive_time", conf::kHttp, conf::kOne, conf::into<&Client::keepalive_time>},
    {"keepalive_min_timeout", conf::kHttp, conf::kOne, conf::into<&Client::keepalive_min_timeout>},
    {"keepalive_requests", conf::kHttp, conf::kOne, conf::into<&Client::keepalive_requests>},
    {"keepalive_disable", conf::kHttp, conf::kOne | conf::kTwo, conf::any_of<&Client::keepalive_disable, kDisable>},
    {"lingering_close", conf::kHttp, conf::kOne, conf::one_of<&Client::lingering_close, kLingering>},
    {"lingering_time", conf::kHttp, conf::kOne, conf::into<&Client::lingering_time>},
    {"lingering_timeout", conf::kHttp, conf::kOne, conf::into<&Client::lingering_timeout>},
    {"reset_timedout_connection", conf::kHttp, conf::kFlag, conf::into<&Client::reset_timedout>},
    {"sendfile", kHttpIf, conf::kFlag, conf::into<&Client::sendfile>},
    {"sendfile_max_chunk", conf::kHttp, conf::kOne, conf::into<&Client::sendfile_max_chunk>},
    {"tcp_nopush", conf::kHttp, conf::kFlag, conf::into<&Client::tcp_nopush>},
    {"tcp_nodelay", conf::kHttp, conf::kFlag, conf::into<&Client::tcp_nodelay>},
    {"limit_rate", kHttpIf, conf::kOne, conf::call<rate<&Client::limit_rate>, &Client::limit_rate>},
    {"limit_rate_after", kHttpIf, conf::kOne, conf::call<rate<&Client::limit_rate_after>, &Client::limit_rate_after>},
    {"postpone_output", conf::kHttp, conf::kOne, conf::into<&Client::postpone_output>},
    {"chunked_transfer_encoding", conf::kHttp, conf::kFlag, conf::into<&Client::chunked>},
    {"output_buffers", conf::kHttp, conf::kTwo, conf::into<&Client::output_buffers>},
    {"subrequest_output_buffer_size", conf::kHttp, conf::kOne, conf::into<&Client::subrequest_buffer>},
    {"send_lowat", conf::kHttp, conf::kOne, conf::run_once<conf::not_supported>},
    {"aio", conf::kHttp, conf::kOne, conf::run_once<aio>},
    {"aio_write", conf::kHttp, conf::kFlag, conf::checked<bool>},
    {"read_ahead", conf::kHttp, conf::kOne, conf::checked<conf::Bytes>},
    {"directio", conf::kHttp, conf::kOne, conf::run_once<size_or_off>},
    {"directio_alignment", conf::kHttp, conf::kOne, conf::checked<conf::FileSize>},
    {"open_file_cache", conf::kHttp, conf::kOne | conf::kTwo, conf::run_once<open_file_cache>},
    {"open_file_cache_valid", conf::kHttp, conf::kOne, conf::checked<conf::Seconds>},
    {"open_file_cache_min_uses", conf::kHttp, conf::kOne, conf::checked<std::int64_t>},
    {"open_file_cache_errors", conf::kHttp, conf::kFlag, conf::checked<bool>},
    {"connection_pool_size", kHttpServer, conf::kOne, conf::run_once<pool_size>},
    {"request_pool_size", kHttpServer, conf::kOne, conf::run_once<pool_size>},
    {"client_header_buffer_size", kHttpServer, conf::kOne, conf::into<&Wire::header_buffer_size>},
    {"large_client_header_buffers", kHttpServer, conf::kTwo, conf::into<&Wire::large_header_buffers>},
    {"client_header_timeout", kHttpServer, conf::kOne, conf::into<&Wire::header_timeout>},
    {"max_headers", kHttpServer, conf::kOne, conf::into<&Wire::max_headers>},
    {"ignore_invalid_headers", kHttpServer, conf::kFlag, conf::into<&Wire::ignore_invalid_headers>},
    {"merge_slashes", kHttpServer, conf::kFlag, conf::into<&Wire::merge_slashes>},
    {"underscores_in_headers", kHttpServer, conf::kFlag, conf::into<&Wire::underscores>},
};

}  // namespace

extern constinit const Module core_client = {
    .name = "http_core",
    .records = records_of<Client, Wire>,
    .directives = kDirectives,
};

}  // namespace bext::http
