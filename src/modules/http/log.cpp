// log: access logs.
// https://nginx.org/en/docs/http/ngx_http_log_module.html
#include <unistd.h>

#include <atomic>

#include "base/pulse.h"
#include "http/builder.h"
#include "http/log_buffer.h"
#include "http/log_files.h"
#include "http/log_format.h"
#include "http/module.h"
#include "http/thread.h"
#include "net/syslog.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

/// One `access_log`.
struct AccessLog {
    std::shared_ptr<const LogFormat> format;
    std::optional<Expr> condition;
    std::shared_ptr<LogFile> file;         // where it goes: one of these four
    std::shared_ptr<LogBuffer> buffer;
    std::shared_ptr<Syslog> syslog;
    Expr path;
    mutable std::atomic<std::int64_t> full_at{0};      // the second in which the disk was full
    mutable std::atomic<std::int64_t> reported_at{0};  // a failure was last written to the error log
};

struct LogConf {
    struct Logs {
        bool off = false;
        std::vector<std::shared_ptr<const AccessLog>> list;
    };
    conf::Setting<std::shared_ptr<Logs>> logs;
    conf::Setting<std::shared_ptr<Logs>> standard;  // one for all: where no access_log was given
    conf::Setting<LogFileCache> cache;

    Status finish(const LogConf&, Cursor&) {
        if (!*standard) standard.set_default(std::make_shared<Logs>());
        return conf::ok();
    }
};

struct Formats {
    std::vector<std::shared_ptr<LogFormat>> list;
    std::unordered_map<const LogFile*, std::shared_ptr<LogBuffer>> buffers;
};

constexpr std::string_view kCombined =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\"";

std::shared_ptr<Formats> formats(Builder& builder) {
    auto all = builder.shared<Formats>("log formats");
    if (all->list.empty()) all->list.push_back(std::make_shared<LogFormat>("combined"));
    return all;
}

std::shared_ptr<const LogFormat> find_format(Builder& builder, std::string_view name) {
    for (auto& format : formats(builder)->list) {
        if (!iequals(format->name(), name)) continue;
        if (format->name() == "combined" && format->empty()) static_cast<void>(format->add(kCombined, builder));
        return format;
    }
    return nullptr;
}

/// The log that is written where no access_log was given: opened only when a server needs it.
Status prepare(Cursor&, Builder& builder) {
    for (auto& server : builder.site->servers) {
        auto& conf = *static_cast<const LogConf*>(server->root.records[conf::slot_of<LogConf>]);
        if (*conf.logs) continue;
        auto log = std::make_shared<AccessLog>();
        log->file = builder.log_file(builder.defaults.access_log);
        log->format = find_format(builder, "combined");
        (*conf.standard)->list.push_back(std::move(log));
        break;
    }
    return conf::ok();
}

Status set_target(Cursor& at, AccessLog& log) {
    auto& builder = at.owner<Builder>();
    std::string_view target = at.arg(1);
    if (target.starts_with("syslog:")) {
        auto place = net::parse_syslog(target.substr(7), builder.names);
        if (!place) return conf::refuse(place.error().text);
        log.syslog = std::make_shared<Syslog>(*place);
    } else if (target.find('$') == target.npos) {
        log.file = builder.log_file(at.full_path(target));
    } else {
        auto path = Expr::compile(at.full_path(target), builder);
        if (!path) return conf::refuse(path.error().text);
        log.path = std::move(*path);
    }
    return conf::ok();
}

Status set_parameter(Cursor& at, std::string_view word, AccessLog& log, LogBufferOptions& options) {
    if (word.starts_with("buffer=")) {
        auto size = conf::parse_size(word.substr(7));
        if (!size || !*size) return conf::refuse(cat({"invalid buffer size \"", word.substr(7), "\""}));
        options.size = *size;
    } else if (word.starts_with("flush=")) {
        auto time = conf::parse_millis(word.substr(6));
        if (!time || !time->count()) return conf::refuse(cat({"invalid flush time \"", word.substr(6), "\""}));
        options.flush_ms = static_cast<std::uint64_t>(time->count());
    } else if (word == "gzip" || word.starts_with("gzip=")) {
        if (!options.size) options.size = 64 * 1024;
        auto level = word.size() == 4 ? std::optional<std::uint64_t>(1) : parse_decimal(word.substr(5));
        if (!level || *level < 1 || *level > 9) return conf::refuse(cat({"invalid compression level \"", word.substr(5), "\""}));
        options.gzip = static_cast<int>(*level);
    } else if (word.starts_with("if=")) {
        auto condition = Expr::compile(word.substr(3), at.owner<Builder>());
        if (!condition) return conf::refuse(condition.error().text);
        log.condition = std::move(*condition);
    } else {
        return conf::refuse(cat({"invalid parameter \"", word, "\""}));
    }
    return conf::ok();
}

Status set_buffer(Cursor& at, AccessLog& log, const LogBufferOptions& options) {
    if (options.flush_ms && !options.size) return conf::refuse(cat({"no buffer is defined for access_log \"", at.arg(1), "\""}));
    if (!options.size) return conf::ok();
    if (!log.path.empty()) return conf::refuse("buffered logs cannot have variables in name");
    if (log.syslog) return conf::refuse("logs to syslog cannot be buffered");
    auto& known = formats(at.owner<Builder>())->buffers[log.file.get()];
    if (known && known->options() != options)
        return conf::refuse(cat({"access_log \"", at.arg(1), "\" already defined with conflicting parameters"}));
    if (!known) {
        known = std::make_shared<LogBuffer>(log.file, options);
        log.file->set_flush([weak = std::weak_ptr(known)] {
            if (auto buffer = weak.lock()) buffer->flush_all();
        });
    }
    log.buffer = known;
    return conf::ok();
}

Status access_log(Cursor& at, LogConf& conf) {
    auto all = conf.logs.is_set() ? *conf.logs : std::make_shared<LogConf::Logs>();
    conf.logs.set(all);
    if (at.arg(1) == "off") {
        all->off = true;
        return at.count() == 2 ? conf::ok() : conf::refuse(cat({"invalid parameter \"", at.arg(2), "\""}));
    }
    auto log = std::make_shared<AccessLog>();
    if (auto bad = set_target(at, *log)) return bad;
    std::string_view name = at.count() >= 3 ? std::string_view(at.arg(2)) : "combined";
    log->format = find_format(at.owner<Builder>(), name);
    if (!log->format) return conf::refuse(cat({"unknown log format \"", name, "\""}));
    LogBufferOptions options;
    for (std::size_t i = 3; i < at.count(); ++i)
        if (auto bad = set_parameter(at, at.arg(i), *log, options)) return bad;
    if (auto bad = set_buffer(at, *log, options)) return bad;
    all->list.push_back(std::move(log));
    return conf::ok();
}

Status log_format(Cursor& at) {
    auto& builder = at.owner<Builder>();
    auto all = formats(builder);
    for (auto& format : all->list)
        if (format->name() == at.arg(1)) return conf::refuse(cat({"duplicate \"log_format\" name \"", at.arg(1), "\""}));
    auto format = std::make_shared<LogFormat>(at.arg(1));
    std::size_t first = 2;
    if (at.arg(2).starts_with("escape=")) {
        if (auto set = format->set_escape(at.arg(first++).substr(7)); !set) return conf::refuse(set.error().text);
    }
    for (auto i = first; i < at.count(); ++i)
        if (auto added = format->add(at.arg(i), builder); !added) return conf::refuse(added.error().text);
    all->list.push_back(std::move(format));
    return conf::ok();
}

Status open_log_file_cache(Cursor& at, LogConf& conf) {
    if (conf.cache.is_set()) return conf::directive_is("is duplicate");
    LogFileCache cache;
    if (auto bad = read_log_file_cache(at, cache)) return bad;
    conf.cache.set(cache);
    return conf::ok();
}

/// Says at most once a minute that a log cannot be written; the request goes on.
void report(Request& r, const AccessLog& log, std::string_view name, int error) {
    auto now = Thread::current().loop.unix_seconds();
    if (error == ENOSPC) log.full_at.store(now, std::memory_order_relaxed);
    if (now - log.reported_at.exchange(now, std::memory_order_relaxed) > 59)
        r.log(Level::kAlert, r.arena.cat({"write() to \"", name, "\" failed"}), error);
}

void write_line(Request& r, const AccessLog& log, std::string& line) {
    if (log.syslog) return log.syslog->send(-1, line);
    line += '\n';
    if (log.buffer) {
        if (int error = log.buffer->add(line)) report(r, log, log.file->path(), error);
    } else if (log.file) {
        int fd = log.file->fd();
        Blocking mark("write", log.file->path());
        if (fd >= 0 && ::write(fd, line.data(), line.size()) < 0) report(r, log, log.file->path(), errno);
    } else {
        std::string path(log.path.evaluate(r));
        if (!append_to_log(r, path, line, *r.conf<LogConf>().cache)) report(r, log, path, errno);
    }
}

void log_request(Request& r) {
    static thread_local std::string line;
    auto& conf = r.conf<LogConf>();
    auto& logs = *conf.logs ? *conf.logs : *conf.standard;
    if (logs->off) return;
    for (auto& log : logs->list) {
        if (log->condition) {
            auto wanted = log->condition->evaluate(r);
            if (wanted.empty() || wanted == "0") continue;
        }
        if (log->full_at.load(std::memory_order_relaxed) == Thread::current().loop.unix_seconds()) continue;
        line.clear();
        log->format->append(line, r);
        write_line(r, *log, line);
    }
}

constexpr auto kIfs = conf::kLocationIf | conf::kLimitExcept;

constexpr conf::Directive kDirectives[] = {
    {"access_log", conf::kHttp | kIfs, conf::kOneOrMore, conf::call<access_log, &LogConf::logs, &LogConf::standard>},
    {"log_format", conf::kHttpBlock, conf::kTwoOrMore, conf::run<log_format>},
    {"open_log_file_cache", conf::kHttp, conf::kOne | conf::kTwo | conf::kThree | conf::kFour,
     conf::call<open_log_file_cache, &LogConf::cache>},
};

}  // namespace

extern constinit const Module access_logs = {
    .name = "http_log",
    .records = records_of<LogConf>,
    .directives = kDirectives,
    .log = log_request,
    .always = true,
    .prepare = prepare,
};

}  // namespace bext::http
