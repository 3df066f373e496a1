// Request: one HTTP request and its response, whatever wire it came on (docs/life-of-a-request.md).
#pragma once

#include <ctime>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "base/log.h"
#include "base/task.h"
#include "conf/directive.h"
#include "http/abort_watch.h"
#include "http/body.h"
#include "http/chain.h"
#include "http/headers.h"
#include "http/regex.h"
#include "http/status.h"

namespace bext::upstream {
class Exchange;
}
namespace bext::net {
class Stream;
}

namespace bext::http {

class ClientAddress;
class Connection;
class Request;
class Sink;
struct Hook;
struct Location;
struct Server;
class Site;
class SiteUse;
class Subrequest;
struct Postponed;

enum class Method : std::uint8_t {
    kOther, kGet, kHead, kPost, kPut, kDelete, kMkcol, kCopy, kMove, kOptions, kPropfind, kProppatch, kLock, kUnlock,
    kPatch, kTrace, kConnect,
};
Method method_of(std::string_view name);

/// Works on the response body between the content handler and the sink; lives in the request's arena.
class BodyFilter {
public:
    virtual ~BodyFilter() = default;
    /// Replaces the pieces in `chain` by what is to be sent now; `last`: none follow; `flush`: hold nothing back.
    /// False: the answer cannot be completed, the connection ends.
    virtual bool pass(Request& request, Chain& chain, bool last, bool flush) = 0;
    BodyFilter* next = nullptr;
    /// Set while the filter keeps back what it was given (`last` too) until a subrequest ends that it has put into its
    /// output; pass() is then called again, with nothing new.
    bool holding = false;
};

struct Response {
    explicit Response(Arena& arena) : headers(arena) {}

    int status = 0;
    std::string_view status_line;  // "200 OK" of an upstream, when it is to be relayed as it was
    std::int64_t content_length = -1;
    std::string_view content_type;
    std::string_view type_rest;  // what follows it in an upstream's field from ";charset=" on: sent as it came
    std::string_view charset;
    std::time_t last_modified = -1;
    Headers headers;  // everything else, in the order in which it is sent
    Headers* trailers = nullptr;
    bool allow_ranges = false;
    bool single_range = false;  // only one range can be taken (upstream bodies)
    bool vary_by_encoding = false;  // gzip_vary
    bool expires_in_past = false;
    bool chunked = false;           // decided when the header is sent
    bool disable_not_modified = false;  // an upstream's answer: its validators were compared there
    bool header_only = false;       // HEAD, 204, 304: no body follows
    std::string_view location_sent;   // the absolute form, once sent
    std::int64_t content_offset = 0;  // of the whole, when only a part is sent (slice)

    /// The media type with an upstream's own parameters; without, `charset` may be added.
    std::string_view whole_type() const { return {content_type.data(), content_type.size() + type_rest.size()}; }
    void set_type(std::string_view type) {
        content_type = type;
        type_rest = {};
    }
    /// Forgets what describes the body, because it changes: length, ranges.
    void clear_content_length() {
        content_length = -1;
        headers.remove(Name::kContentLength);
    }
    void clear_accept_ranges() {
        allow_ranges = false;
        headers.remove(Name::kAcceptRanges);
    }
    void clear_last_modified() {
        last_modified = -1;
        headers.remove(Name::kLastModified);
    }
    void clear_etag() { headers.remove(Name::kEtag); }
    /// A strong ETag becomes a weak one, since the bytes change.
    void weaken_etag(Arena& arena);
    /// Everything as before an answer was begun.
    void clear();
};

class Request {
public:
    /// A client's own request.
    Request(Connection& connection, Sink& sink);
    /// A request on behalf of `parent` (http/subrequest.h).
    Request(Request& parent, Sink& sink, Subrequest& subrequest);
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    ~Request();

    Arena arena;
    Connection& connection;
    Sink* sink;  // to answer into; that of `main` is the client's own
    Request& main;         // itself unless a subrequest
    Request* const parent;
    Subrequest* const subrequest;  // what a request with a parent belongs to

private:
    SiteUse* const use_;

public:
    const Site* const site;  // in force when the request began

    // The request line. `line` is what was received; uri and args change with rewrites.
    std::string_view line, protocol, method_name, target, uri, args, extension, scheme_host;
    Method method = Method::kOther;
    int http_version = 1001;  // 1000 * major + minor; 9 for HTTP/0.9
    Headers in;
    std::string_view host;       // validated, lower case, without port
    std::string_view host_port;  // the port text of the Host header
    std::int64_t content_length = -1;
    bool chunked_body = false;
    bool keepalive = false;
    bool complex_uri = false, quoted_uri = false, plus_in_uri = false;  // what the client's URI had in it
    std::uint64_t request_length = 0;  // bytes of head and body received
    std::uint64_t header_size = 0;     // bytes of the response header sent
    bool add_uri_to_alias = false;  // try_files found a file below the alias of a regex location
    bool location_valid = true;  // the URI still begins with the location's name (no `rewrite … break` since)
    bool raw_uri_valid = true;  // the URI is still the client's: proxy_pass may send `target` as it is
    std::int64_t start_ms = 0;  // wall clock, ms
    std::uint64_t start_tick = 0;  // loop clock, ms

    // Where it was routed to.
    const Server* server = nullptr;
    const Location* location = nullptr;
    const Hook* content_handler = nullptr;
    void* const* records = nullptr;
    Captures captures;

    /// The settings of module record C in the location that serves this request.
    template <class C>
    const C& conf() const {
        return *static_cast<const C*>(records[conf::slot_of<C>]);
    }
    /// A module's own per-request state, made when first asked for and kept across internal redirects unless cleared.
    template <class C>
    C*& context() {
        return *reinterpret_cast<C**>(context_slot(&kContextKey<C>));
    }
    void clear_contexts() { contexts_.clear(); }

    RequestBody body{arena};
    Response out{arena};

    // Changing course.
    bool internal = false;      // an internal redirect or subrequest
    bool named = false;         // in a named location
    bool uri_changed = false;   // by rewrite: find the location anew
    bool error_page = false;    // serving an error_page
    int uri_changes = 11;       // left before "rewrite or internal redirection cycle"
    int subrequests_left = 51;  // deep, before "subrequests cycle"
    Subrequest* subrequests = nullptr;  // of the main request: all of them, the newest first
    bool header_sent = false;
    bool out_of_memory = false;
    bool aborted = false;       // the client is gone or the response failed: nothing more can be sent
    bool ended = false;         // the last byte was handed to the sink
    bool discard_output = false;  // a subrequest whose body nobody wants
    bool output_begun = false;    // some of the body was pushed
    bool bodiless = false;        // a subrequest that does not pass on what the client sent
    bool gzip_checked = false, gzip_ok = false;
    bool expect_tested = false;
    bool msie = false, msie6 = false, chrome = false, safari = false;  // of the User-Agent
    std::uint8_t phase = 0;       // where the phases go on (http/phases.cpp)
    std::uint16_t next_hook = 0;
    bool recheck_files = true;     // a file may have changed after the loop last looked: see http/files.cpp
    bool timed_out = false;
    bool pipelined = false;        // its first bytes came behind the request before ($pipe)
    bool discarding = false;       // the body is only being got rid of
    bool in_slices = false;        // a body filter wants large files in parts, so that its output stays small
    bool filter_finalize = false;  // a filter replaced the answer: no second time
    bool lingering = false;
    bool logged = true;
    std::uint8_t limit_req_outcome = 0, limit_conn_outcome = 0;  // of those modules; kept across internal redirects
    bool satisfied = false;     // an access hook of `satisfy any` said yes
    int access_code = 0;        // … or what they said no with
    int error_status = 0;       // the code an error page is served for
    std::uint64_t limit_rate = 0, limit_rate_after = 0;
    bool limit_rate_set = false, limit_rate_after_set = false;

    /// The client as this request sees it: the connection's, until realip knows better.
    const ClientAddress& client() const { return *main.client_; }
    void set_client(const ClientAddress& client) { main.client_ = &client; }

    /// Continue as another URI: the caller returns Verdict::again(). False after too many changes (answered with 500).
    bool redirect(std::string_view uri, std::string_view args);
    /// Continue in the location `@name`. False when there is none or after too many changes.
    bool redirect_named(std::string_view name);
    /// Sets the URI and its extension.
    void set_uri(std::string_view uri);

    /// Takes the settings of `location` (or of the server when null) as the ones in force.
    void enter(const Location& location);

    void limit_keepalive();

    /// Answers with a whole body in memory; headers come from `out`. The content hook returns Verdict::done().
    void reply(int status, std::string_view content_type, std::string_view body);
    /// The type for the URI's extension, into `out.content_type` (ngx_http_set_content_type).
    void set_content_type();
    /// ETag from size and modification time, as nginx makes it.
    void set_etag(std::time_t modified, std::uint64_t size);
    /// The body that reply() or a content hook left to be sent.
    Chain pending{arena};

    /// Header filters, then the header to the sink. Nothing, or the status that is to be answered instead.
    std::optional<int> send_header();
    /// Body filters, then the sink. Wait with drain() before reusing the bytes.
    bool push(Chain& chain, bool last, bool flush = false);
    /// Until the sink holds nothing of this request any more; false when the client is gone.
    Task<bool> drain();
    /// push() and, when the sink could not write everything at once, drain().
    Task<bool> send(Chain& chain, bool last, bool flush = false);
    /// Installs a filter of this request's own body.
    void add_filter(BodyFilter* filter);
    /// Installs one that comes last and sees the bodies of subrequests in their places, too.
    void add_whole_filter(BodyFilter* filter);
    /// True while pieces that were pushed still wait: for the client, or for a subrequest before them.
    bool backlog() const;
    /// True once the last of the body was pushed.
    bool all_pushed() const { return all_pushed_; }
    /// Waits; false when the client went away meanwhile.
    Task<bool> pause(std::uint64_t milliseconds);
    /// chunked_transfer_encoding.
    bool chunked_allowed() const;
    /// Hooks of a main request and its subrequests that wait for something else than the client.
    AbortWatch::List watches;
    /// What the protocol has to say to the client before the connection is cut; none: nothing fits here.
    std::string_view (*last_words)(void* context) = nullptr;
    void* last_words_context = nullptr;

    /// The value of a variable by its number in the Site; nothing when it has none in this request.
    std::optional<std::string_view> variable(std::uint32_t number);
    /// By its lower-case name, which the configuration need not mention.
    std::optional<std::string_view> variable(std::string_view name);
    void set_variable(std::uint32_t number, std::optional<std::string_view> value);
    /// Matches and, when it does, sets the captures and the named groups' variables. A match that fails (at PCRE2's limit, which
    /// a client can reach on purpose) is no answer: see undecided().
    bool match(const Regex& regex, std::string_view subject);
    /// The same without captures.
    bool test(const Regex& regex, std::string_view subject);
    /// A match failed: logs it; the request ends with 500, since nobody knows what the expression would have decided.
    void cannot_decide(const Regex& regex, int rc, std::string_view subject);
    /// True from then on until the 500 is made, or an error page begins the phases anew.
    bool undecided() const { return undecided_ == Undecided::kYes; }
    /// undecided(), which is answered for now: an expression that fails again in making the answer does not replace it.
    bool take_undecided() {
        if (!undecided()) return false;
        undecided_ = Undecided::kAnswered;
        return true;
    }

    /// A line in the error log of this location: "*N text (2: No such file), client: …, request: …". Client bytes are escaped.
    void log(Level level, std::string_view text, int error = 0) const;
    std::string log_line(std::string_view text, int error) const;
    const Log& error_log() const;
    /// Path of a file below the location's root or alias for the URI: NUL-terminated in the arena. `root_size`: length of
    /// the part that is the root. Empty when it cannot be made.
    std::string_view path_of(std::string_view uri, std::size_t* root_size = nullptr);
    upstream::Exchange* upstream = nullptr;  // the last one with an upstream, and what it came to
    std::string_view upstream_name;  // shown in the error log while an upstream is asked
    std::string_view log_action;     // "while …"

private:
    template <class C>
    static inline const char kContextKey = 0;
    struct ContextSlot {
        const void* key;
        void* value;
    };
    void** context_slot(const void* key);

    struct Value {
        std::string_view text;
        enum class State : std::uint8_t { kUnknown, kFound, kMissing, kBusy } state = State::kUnknown;
    };
    Value* values();

    friend class Subrequest;
    friend struct Postponed;
    int replace_answer(int status);
    bool filter(BodyFilter* from, Chain& chain, bool last, bool flush);
    bool hand_on(Chain& chain, bool last, bool flush);

    List<ContextSlot> contexts_{arena};
    const ClientAddress* client_;  // of a main request
    Value* values_ = nullptr;  // those of the main request
    BodyFilter* filters_ = nullptr;
    BodyFilter** last_filter_ = &filters_;
    BodyFilter* whole_filters_ = nullptr;
    BodyFilter** last_whole_filter_ = &whole_filters_;
    Postponed* postponed_ = nullptr;
    bool all_pushed_ = false;
    enum class Undecided : std::uint8_t { kNo, kYes, kAnswered } undecided_ = Undecided::kNo;
    std::uint32_t regex_failures_ = 0;  // of the main request and its subrequests
};

/// Where a response goes, and the client's side of one request: an HTTP/1 connection, an HTTP/2 stream, a parent's body.
class Sink {
public:
    virtual ~Sink() = default;
    /// Whether the wire itself shows where a body ends, so that neither length nor chunks nor the end of the connection must.
    virtual bool delimits() const = 0;
    /// Queues the status line and header fields of `request.out`.
    virtual void header(Request& request) = 0;
    /// Queues body pieces, and writes what it can. False: the client is gone.
    virtual bool body(Request& request, const Chain& chain, bool last, bool flush) = 0;
    /// True while queued bytes wait for the client.
    virtual bool backlog() const = 0;
    virtual Task<bool> drain(Request& request) = 0;
    /// Bytes written to the client for this request ($bytes_sent).
    virtual std::uint64_t sent(const Request&) const { return 0; }

    // The client, which only the sink of a main request has.

    /// The client is known to be gone, though bytes of it may still be unread.
    virtual bool gone() const { return false; }
    /// Whether it was ever sent anything, for this request or on the same stream before.
    virtual bool spoken() const { return true; }
    /// Wakes whoever waits for the client on behalf of this request: for its body, or to be written to.
    virtual void abandon() {}
    /// Hands the bytes both ways to a hook that speaks another protocol from now on, with what was read ahead. Null: not on this wire.
    virtual net::Stream* take_over(std::string_view& unread) {
        unread = {};
        return nullptr;
    }
};

}  // namespace bext::http
