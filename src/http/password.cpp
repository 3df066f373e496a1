#include "http/password.h"

#include <crypt.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "base/digest.h"
#include "base/text.h"
#include "http/escape.h"
#include "net/loop.h"

namespace bext::http {
namespace {

constexpr std::string_view kApr1 = "$apr1$", kPlain = "{PLAIN}", kSha = "{SHA}", kSsha = "{SSHA}";

/// Six bits a character, the lowest first, in crypt's own alphabet.
void append_64(std::string& out, std::uint32_t value, int count) {
    constexpr char kAlphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (; count-- > 0; value >>= 6) out += kAlphabet[value & 63];
}

/// Apache's MD5 crypt: a thousand rounds over password and salt (APR's apr_md5_encode).
std::string apr1(std::string_view key, std::string_view stored) {
    auto salt = stored.substr(kApr1.size());
    salt = salt.substr(0, std::min<std::size_t>(salt.find('$'), 8));
    auto md5 = Digest::Kind::kMd5;
    auto inner = Digest(md5).add(key).add(salt).add(key).finish();
    Digest outer(md5);
    outer.add(key).add(kApr1).add(salt);
    for (auto left = key.size(); left > 0; left -= std::min<std::size_t>(left, 16))
        outer.add(std::string_view(inner).substr(0, std::min<std::size_t>(left, 16)));
    for (auto bits = key.size(); bits; bits >>= 1) outer.add(bits & 1 ? std::string_view("\0", 1) : key.substr(0, 1));
    auto sum = outer.finish();
    for (int round = 0; round < 1000; ++round) {
        Digest next(md5);
        next.add(round & 1 ? key : std::string_view(sum));
        if (round % 3) next.add(salt);
        if (round % 7) next.add(key);
        next.add(round & 1 ? std::string_view(sum) : key);
        sum = next.finish();
    }
    auto byte = [&](int i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(sum[static_cast<std::size_t>(i)])); };
    auto out = cat({kApr1, salt, "$"});
    constexpr int kOrder[5][3] = {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}};
    for (auto& [a, b, c] : kOrder) append_64(out, byte(a) << 16 | byte(b) << 8 | byte(c), 4);
    append_64(out, byte(11), 2);
    return out;
}

std::string ssha(std::string_view key, std::string_view stored) {
    auto decoded = decode_base64(stored.substr(kSsha.size()));
    auto salt = decoded && decoded->size() > 20 ? decoded->substr(20) : std::string();
    return cat({kSsha, base64(Digest(Digest::Kind::kSha1).add(key).add(salt).finish() + salt)});
}

bool same(std::string_view a, std::string_view b) {
    return equal_in_constant_time(a, b);
}

bool costly(std::string_view stored) {
    return !stored.starts_with(kPlain) && !stored.starts_with(kSha) && !stored.starts_with(kSsha);
}

/// Threads that compute hashes. They are never joined: a hash may take seconds, and nothing of it is worth waiting for
/// when the process ends.
class Helpers {
public:
    struct Job {
        std::string given, stored;
        net::Loop* loop;
        std::coroutine_handle<> waiting;
        PasswordVerdict verdict = PasswordVerdict::kFailed;
    };

    static Helpers& instance() {
        static auto* helpers = new Helpers;
        return *helpers;
    }
    /// False: too many jobs wait already.
    bool add(Job* job) {
        {
            std::lock_guard lock(mutex_);
            if (jobs_.size() >= kMostJobs) return false;
            jobs_.push_back(job);
            if (threads_ < kMostThreads && jobs_.size() > idle_) {
                ++threads_;
                std::thread([this] { work(); }).detach();
            }
        }
        wake_.notify_one();
        return true;
    }

private:
    static constexpr std::size_t kMostJobs = 1024, kMostThreads = 2;

    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            ++idle_;
            wake_.wait(lock, [this] { return !jobs_.empty(); });
            --idle_;
            auto* job = jobs_.front();
            jobs_.pop_front();
            lock.unlock();
            job->verdict = check_password(job->given, job->stored);
            job->loop->post([waiting = job->waiting] { pump::run(waiting); });
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job*> jobs_;
    std::size_t threads_ = 0, idle_ = 0;
};

struct Aside {
    Helpers::Job job;
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> caller) {
        job.waiting = caller;
        return Helpers::instance().add(&job);
    }
    PasswordVerdict await_resume() const { return job.verdict; }
};

}  // namespace

PasswordVerdict check_password(const std::string& given, const std::string& stored) {
    std::string_view key(given.c_str());  // up to a NUL, as C strings go
    std::string made;
    if (stored.starts_with(kApr1)) {
        made = apr1(key, stored);
    } else if (stored.starts_with(kPlain)) {
        made = cat({kPlain, key});
    } else if (stored.starts_with(kSsha)) {
        made = ssha(key, stored);
    } else if (stored.starts_with(kSha)) {
        made = cat({kSha, base64(Digest(Digest::Kind::kSha1).add(key).finish())});
    } else {
        auto data = std::make_unique<crypt_data>();  // 32 KiB
        auto* hash = crypt_r(given.c_str(), stored.c_str(), data.get());
        if (!hash) return PasswordVerdict::kFailed;
        made = hash;
        erase(data.get(), sizeof(crypt_data));
    }
    bool match = same(made, stored);
    erase(made.data(), made.size());
    return match ? PasswordVerdict::kMatch : PasswordVerdict::kMismatch;
}

Task<PasswordVerdict> check_password_aside(std::string given, std::string stored) {
    if (!costly(stored)) {
        auto verdict = check_password(given, stored);
        erase(given.data(), given.size());
        co_return verdict;
    }
    Aside aside{{std::move(given), std::move(stored), &net::Loop::current(), {}, PasswordVerdict::kFailed}};
    auto verdict = co_await aside;
    erase(aside.job.given.data(), aside.job.given.size());
    co_return verdict;
}

}  // namespace bext::http
