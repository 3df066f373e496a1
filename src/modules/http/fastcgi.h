// fastcgi: the settings of ngx_http_fastcgi_module and what one request to a FastCGI server needs.
// https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html
#pragma once

#include "http1/header_parser.h"
#include "upstream/exchange.h"
#include "upstream/groups.h"

namespace bext::http::fastcgi {

/// One `fastcgi_param`.
struct Param {
    std::string name, text;
    Expr value;  // of the text, where the parameter is used
    bool skip_empty = false;
};
using Params = std::shared_ptr<std::vector<Param>>;

struct Pass {
    Expr target;                               // with variables
    std::shared_ptr<upstream::Groups> groups;  // to look names up at run time
    std::shared_ptr<upstream::Group> group;    // without variables
};

struct Fastcgi : upstream::Settings {
    conf::Setting<Pass> pass;
    conf::Setting<std::string> index;
    conf::Setting<std::shared_ptr<const Regex>> split;
    conf::Setting<Params> params;
    conf::Setting<std::vector<std::string>> catch_stderr;
    conf::Setting<bool> keep_conn{false};

    Params sent;                  // params and the defaults
    upstream::NameSet replaced;  // client headers that HTTP_ parameters stand for, lower case with underscores

    conf::Status finish(const Fastcgi& outer, conf::Cursor& at);
};

enum RecordType : std::uint8_t { kBegin = 1, kEnd = 3, kParams = 4, kStdin = 5, kStdout = 6, kStderr = 7 };

inline constexpr std::size_t kRecordHead = 8;
inline constexpr std::size_t kLargestRecord = 32 * 1024;  // of a body
inline constexpr std::size_t kMostEmpty = 64 * 1024;      // bytes of records without content, one after another

/// Reads records: their heads are taken out, what they carry is passed on (FastCGI 1.0, section 3.3).
class Records {
public:
    enum class Step : std::uint8_t { kAgain, kHead, kContent, kEndOfRecord, kInvalid };

    void reset() { *this = Records(); }
    /// Takes from the front of `bytes`. kHead: a record begins; kContent: `content` is some of it.
    Step next(upstream::Exchange& x, std::string_view& bytes, std::string_view& content);
    std::uint8_t type() const { return head_[1]; }
    std::size_t left() const { return left_; }

private:
    bool check(upstream::Exchange& x);

    unsigned char head_[kRecordHead] = {};
    std::size_t have_ = 0, left_ = 0, padding_ = 0;
    std::size_t empty_ = 0;  // bytes since the last that carried something
    bool open_ = false;
};

/// $fastcgi_script_name and $fastcgi_path_info.
struct Split {
    std::string_view script, info;
};

/// One request to a FastCGI server.
class Call final : public upstream::Protocol {
public:
    explicit Call(const Fastcgi& conf) : conf_(conf) {}
    /// 0, or the status to answer with.
    int find_target(Request& request);

    bool create(upstream::Exchange& x) override;
    void restart(upstream::Exchange& x) override;
    upstream::Head parse(upstream::Exchange& x) override;
    void begin_body(upstream::Exchange& x) override;
    bool take(upstream::Exchange& x, std::string_view bytes, Chain& out) override;
    void frame(upstream::Exchange& x, std::string_view bytes, bool last, Chain& out) override;

    std::shared_ptr<upstream::Group> group;
    upstream::Url unknown;  // without a group: a name to be looked up

private:
    bool caught(upstream::Exchange& x, std::string_view message);
    upstream::Head parse_lines(upstream::Exchange& x);
    upstream::Head head_done(upstream::Exchange& x);
    void take_stdout(upstream::Exchange& x, std::string_view content, Chain& out);
    bool end_of_request(upstream::Exchange& x, std::string_view rest);

    const Fastcgi& conf_;
    Records records_;
    http1::HeaderLineParser line_{{.underscores = true, .skip_status = true}};
    std::size_t text_begin_ = 0, text_end_ = 0, raw_ = 0;  // of the head's text and of unread records, in the buffer
    std::int64_t rest_ = -1;  // of the body, -1: unknown
    bool stdout_seen_ = false, stdout_closed_ = false, head_taken_ = false;
};

Task<Verdict> handle(Request& request);
std::span<const conf::Directive> directives();
Split split(Request& request);

}  // namespace bext::http::fastcgi
