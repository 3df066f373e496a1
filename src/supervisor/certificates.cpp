// How the Supervisor takes certificates that have changed on the disk: by a reload that takes nothing else along.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/report.h"
#include "supervisor/supervisor.h"

namespace bext::supervisor {
namespace {

constexpr std::size_t kLargest = 16 * 1024 * 1024;  // more than any bundle of authorities

/// What is in a file; "" when it is none, or cannot be read. Never waits: a pipe in its place must not hold up the service.
std::string read_whole(const std::string& path) {
    Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat facts {};
    if (!file || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return {};
    std::string text;
    char bytes[16384];
    for (ssize_t n; (n = ::read(file.get(), bytes, sizeof bytes)) > 0 && text.size() < kLargest;) text.append(bytes, static_cast<std::size_t>(n));
    return text;
}

}  // namespace

/// The first one that is not what is served, with what all of them say now. One that is being replaced is as it was.
std::string Supervisor::changed_certificate(std::string& all) const {
    std::string changed;
    for (auto& path : current_->plan().certificates) {
        auto* known = current_->bundle.file(path);
        auto now = read_whole(path);
        all += now + '\n';
        if (changed.empty() && known && !now.empty() && now != known->bytes) changed = path;
    }
    return changed;
}

void Supervisor::look_at_certificates() {
    auto now = clock_ms();
    if (!certificates_.due() || now < certificates_.due() || !current_ || ending_ != Ending::kNo) return;
    if (loader_ >= 0 || next_) return certificates_.postpone(now);
    certificates_.done();
    certificates_.begin(current_->plan().certificates);  // links may lead elsewhere now
    std::string all;
    auto changed = changed_certificate(all);
    if (changed.empty() || all == tried_certificates_) return;
    tried_certificates_ = std::move(all);
    report(Level::kNotice, "\"" + changed + "\" has changed");
    for_certificates_ = true;
    reload();
}

/// What a reload that is for the certificates alone would take along: another file that has changed. Half of a change that
/// somebody is making is no configuration.
std::string Supervisor::taken_along(const State& state) const {
    if (!for_certificates_) return {};
    if (current_->plan().compatible != state.plan().compatible) return "bext.config.toml";
    auto except = current_->plan().certificates;
    except.insert(except.end(), state.plan().certificates.begin(), state.plan().certificates.end());
    return current_->bundle.difference(state.bundle, except);
}

}  // namespace bext::supervisor
