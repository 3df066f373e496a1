// CertificateWatch: hears when files of certificates and keys may have changed, also where links lead to them (certbot changes a link,
// others rename a file or a directory). What they then say is for its user to look at. inotify(7)
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"

namespace bext::supervisor {

class CertificateWatch {
public:
    /// Ms: it is time once nothing has happened for so long, but no longer after the first change than that.
    static constexpr std::uint64_t kQuiet = 1000, kLongest = 10'000;

    /// Watches these files in place of the ones before; none: nothing is watched.
    void begin(const std::vector<std::string>& paths);

    int fd() const { return inotify_.get(); }
    /// Takes what has come on fd(). `now`: of the clock that due() is of.
    void hear(std::uint64_t now);
    /// When the files should be looked at, in ms; 0: nothing has happened.
    std::uint64_t due() const { return due_; }
    /// Looks at them later, or no more.
    void postpone(std::uint64_t now) { due_ = now + kQuiet; }
    void done() { due_ = first_ = 0; }

private:
    void follow(std::string path);
    void watch(const std::string& directory, const std::string& name);

    Fd inotify_;
    std::map<int, std::set<std::string>> names_;  // in each watched directory
    std::uint64_t first_ = 0, due_ = 0;
};

}  // namespace bext::supervisor
