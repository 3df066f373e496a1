// The settings of nginx's core HTTP module that the engine itself obeys. Their directives are in modules/http/core*.cpp.
#pragma once

#include <memory>
#include <unordered_map>

#include "base/log.h"
#include "base/text.h"
#include "conf/into.h"
#include "http/expr.h"

namespace bext::http {

class Request;

/// `types`: lower-case extension to media type. A record of its own, so that blocks share one table.
struct Types {
    using Table = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;
    conf::Setting<std::shared_ptr<Table>> table{std::make_shared<Table>(
        Table{{"html", "text/html"}, {"gif", "image/gif"}, {"jpg", "image/jpeg"}})};
    conf::Setting<std::int64_t> hash_max_size{1024}, hash_bucket_size{64};

    conf::Status finish(const Types& outer, conf::Cursor& at);
};

/// Limits of nginx's hashes for the whole of http: bext only checks that nginx would be content.
struct Hashes {
    conf::Setting<std::int64_t> names_max_size{512}, names_bucket_size{64};
    conf::Setting<std::int64_t> variables_max_size{1024}, variables_bucket_size{64};
};

/// One `error_page`.
struct ErrorPage {
    int code;
    int answer;  // the status to answer with: the code's own is -1, `=` alone 0
    Expr target;
};

/// alias in a regex location names the file itself.
constexpr std::size_t kWholeAlias = SIZE_MAX;

/// What is served and how it is found: root, types, error pages, access.
struct Core {
    conf::Setting<Expr> root{Expr::literal("html")};  // absolute once finished
    conf::Setting<bool> is_alias{false};
    conf::Setting<std::size_t> alias_size{0};  // bytes of the URI that alias replaces; 0: root, kWholeAlias: all
    conf::Setting<std::string> default_type{"text/plain"};
    conf::Setting<std::shared_ptr<std::vector<ErrorPage>>> error_pages;
    conf::Setting<bool> internal{false};
    conf::Setting<bool> satisfy_any{false};
    conf::Setting<conf::Millis> auth_delay{conf::Millis(0)};
    conf::Setting<bool> log_not_found{true};
    conf::Setting<bool> log_subrequest{false};
    conf::Setting<bool> recursive_error_pages{false};
    conf::Setting<bool> absolute_redirect{true};
    conf::Setting<bool> port_in_redirect{true};
    conf::Setting<bool> server_name_in_redirect{false};
    enum class Tokens : std::uint8_t { kOff, kOn, kBuild };
    conf::Setting<Tokens> server_tokens{Tokens::kOn};
    conf::Setting<Expr> server_tokens_text;  // a string in place of on/off is refused by nginx's free edition
    enum class Since : std::uint8_t { kOff, kExact, kBefore };
    conf::Setting<Since> if_modified_since{Since::kExact};
    conf::Setting<bool> etag{true};
    conf::Setting<bool> msie_padding{true};
    conf::Setting<bool> msie_refresh{false};
    conf::Setting<std::int64_t> max_ranges{INT32_MAX};
    enum class Symlinks : std::uint8_t { kOff, kOn, kIfNotOwner };
    conf::Setting<Symlinks> disable_symlinks{Symlinks::kOff};
    conf::Setting<Expr> disable_symlinks_from;
    conf::Setting<std::shared_ptr<Log>> error_log;

    std::string prefix;  // what a root that begins with a variable is below when it turns out relative

    conf::Status finish(const Core& outer, conf::Cursor& at);
    /// The root of a request, absolute. In its arena.
    std::string_view root_for(Request& request) const;
};

/// How the client's connection is treated: sizes, timeouts, sending.
struct Client {
    conf::Setting<conf::FileSize> max_body_size{conf::FileSize{1024 * 1024}};
    conf::Setting<conf::Bytes> body_buffer_size{conf::Bytes{16384}};
    conf::Setting<conf::Millis> body_timeout{conf::Millis(60000)};
    enum class InFile : std::uint8_t { kOff, kOn, kClean };
    conf::Setting<InFile> body_in_file_only{InFile::kOff};
    conf::Setting<bool> body_in_single_buffer{false};
    conf::Setting<std::string> body_temp_path;
    conf::Setting<conf::Millis> send_timeout{conf::Millis(60000)};
    conf::Setting<conf::Millis> keepalive_timeout{conf::Millis(75000)};
    conf::Setting<conf::Seconds> keepalive_header{conf::Seconds(0)};
    conf::Setting<conf::Millis> keepalive_time{conf::Millis(3600000)};
    conf::Setting<conf::Millis> keepalive_min_timeout{conf::Millis(0)};
    conf::Setting<std::int64_t> keepalive_requests{1000};
    conf::Setting<std::uint32_t> keepalive_disable{2};  // bits: 1 none, 2 msie6, 4 safari
    enum class Lingering : std::uint8_t { kOff, kOn, kAlways };
    conf::Setting<Lingering> lingering_close{Lingering::kOn};
    conf::Setting<conf::Millis> lingering_time{conf::Millis(30000)};
    conf::Setting<conf::Millis> lingering_timeout{conf::Millis(5000)};
    conf::Setting<bool> reset_timedout{false};
    conf::Setting<bool> sendfile{false};
    conf::Setting<conf::Bytes> sendfile_max_chunk{conf::Bytes{2 * 1024 * 1024}};
    conf::Setting<bool> tcp_nopush{false};
    conf::Setting<bool> tcp_nodelay{true};
    conf::Setting<Expr> limit_rate;
    conf::Setting<Expr> limit_rate_after;
    conf::Setting<conf::Bytes> postpone_output{conf::Bytes{1460}};
    conf::Setting<bool> chunked{true};
    conf::Setting<conf::Buffers> output_buffers{conf::Buffers{2, 32768}};
    conf::Setting<conf::Bytes> subrequest_buffer{conf::Bytes{4096}};

    conf::Status finish(const Client& outer, conf::Cursor& at);
};

/// HTTP/2 as a server offers it.
struct Http2 {
    conf::Setting<bool> enable{false};
    conf::Setting<std::int64_t> concurrent_streams{128};
    conf::Setting<conf::Bytes> preread_size{conf::Bytes{65536}};
};

/// The most of a body in one DATA frame.
struct Http2Chunk {
    conf::Setting<conf::Bytes> size{conf::Bytes{8192}};
};

/// What is known before the request is: settings of the (default) server of the listening address.
struct Wire {
    conf::Setting<conf::Bytes> header_buffer_size{conf::Bytes{1024}};
    conf::Setting<conf::Buffers> large_header_buffers{conf::Buffers{4, 8192}};
    conf::Setting<conf::Millis> header_timeout{conf::Millis(60000)};
    conf::Setting<std::int64_t> max_headers{1000};
    conf::Setting<bool> ignore_invalid_headers{true};
    conf::Setting<bool> merge_slashes{true};
    conf::Setting<bool> underscores{false};
};

}  // namespace bext::http
