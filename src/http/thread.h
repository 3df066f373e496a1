// Thread: what one event-loop thread owns and shares with no other: its loop, open files, the Site in force, the clock texts.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string_view>
#include <unordered_map>

#include "http/file_cache.h"
#include "net/loop.h"

namespace bext::http {

class Site;

/// A Site in use by a thread: counted without atomics, since only its thread touches the count. Requests hold one, so
/// that each ends on the Site it began with.
class SiteUse {
public:
    static SiteUse* make(std::shared_ptr<const Site> site) { return new SiteUse(std::move(site)); }
    SiteUse* acquire() { return ++users_, this; }
    void release() {
        if (--users_ == 0) delete this;
    }
    const Site& site() const { return *site_; }

private:
    explicit SiteUse(std::shared_ptr<const Site> site) : site_(std::move(site)) {}
    std::shared_ptr<const Site> site_;
    std::uint64_t users_ = 1;
};

/// Figures of the whole process (stub_status).
struct Counters {
    std::atomic<std::uint64_t> accepted{0}, handled{0}, requests{0}, active{0}, reading{0}, writing{0}, waiting{0};
};
Counters& counters();

/// A connection between two requests, which may be closed when that is needed.
class Idle {
public:
    virtual void close() = 0;

protected:
    ~Idle() = default;

private:
    friend class IdleList;
    Idle* before_ = nullptr;
    Idle* after_ = nullptr;
};

/// Idle connections, the one that has waited longest first.
class IdleList {
public:
    void link(Idle& idle) {
        idle.before_ = last_;
        idle.after_ = nullptr;
        (last_ ? last_->after_ : first_) = &idle;
        last_ = &idle;
    }
    void unlink(Idle& idle) {
        (idle.before_ ? idle.before_->after_ : first_) = idle.after_;
        (idle.after_ ? idle.after_->before_ : last_) = idle.before_;
    }
    Idle* first() const { return first_; }

private:
    Idle* first_ = nullptr;
    Idle* last_ = nullptr;
};

class Thread {
public:
    Thread();
    ~Thread();
    static Thread& current() { return *current_; }

    net::Loop loop;
    FileCache files;
    SiteUse* site = nullptr;  // in force for new requests
    std::minstd_rand random;
    std::uint64_t connections = 0;
    std::uint64_t connection_limit = 512;
    std::function<void()> on_last_connection;  // while draining
    IdleList idle;
    bool draining = false;  // no new connections, keep-alive ends

    /// "Sat, 21 Nov 2026 05:03:54 GMT" of now.
    std::string_view http_date();
    /// "21/Nov/2026:05:03:54 +0000" and the ISO 8601 form, local time.
    std::string_view local_time();
    std::string_view iso_time();

    /// State of upstreams and the like that belongs to this thread and a configuration object: keyed by that object.
    std::unordered_map<const void*, std::shared_ptr<void>> local;

private:
    static thread_local Thread* current_;
    void refresh();
    std::int64_t second_ = -1;
    char date_[32], local_[40], iso_[40];
    std::size_t local_size_ = 0, iso_size_ = 0;
};

}  // namespace bext::http
