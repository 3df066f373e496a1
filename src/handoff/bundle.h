// Bundle: everything a configuration was read from, sealed into a memfd: the plan, the files, the glob results and the
// addresses of names. A
// worker that is given a Bundle sees exactly what was checked, whatever happens to the disk meanwhile. memfd_create(2)
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "handoff/plan.h"
#include "base/wire.h"

namespace bext::handoff {

/// Collects what goes into a Bundle.
class BundleWriter {
public:
    explicit BundleWriter(const Plan& plan);

    /// A file that was read, or with `error` the errno of the failed reading.
    void file(std::string_view path, std::string_view bytes, int error = 0);
    void glob(std::string_view pattern, const std::vector<std::string>& paths);
    /// What a host name was resolved to: the bytes of sockaddrs; none when it is not known.
    void name(std::string_view host, const std::vector<std::string_view>& addresses);

    /// The memfd, sealed against every change.
    Result<Fd> seal() &&;

private:
    WireWriter wire_;
};

/// A sealed Bundle, mapped; the views it gives live as long as it does.
class Bundle {
public:
    struct File {
        std::string_view bytes;
        int error = 0;
    };

    /// Maps and checks `fd`; refuses one that is not sealed, since its writer could still change or cut it.
    static Result<Bundle> open(Fd fd);

    Bundle(Bundle&& other) noexcept;
    Bundle& operator=(Bundle&& other) noexcept;
    ~Bundle();

    int fd() const { return fd_.get(); }
    const Plan& plan() const { return plan_; }

    /// Null when the configuration did not read `path`.
    const File* file(std::string_view path) const;
    /// A file that both were read from and that says something else in `other`, or a pattern that has other files there, leaving out
    /// those in `except`. "": there is none.
    std::string difference(const Bundle& other, const std::vector<std::string>& except) const;
    /// Null when the configuration did not ask for `pattern`.
    const std::vector<std::string_view>* glob(std::string_view pattern) const;
    /// Null when the configuration did not ask for `host`.
    const std::vector<std::string_view>* name(std::string_view host) const;

private:
    Bundle() = default;
    Result<> parse();

    Fd fd_;
    std::string_view map_;
    Plan plan_;
    std::unordered_map<std::string_view, File> files_;
    std::unordered_map<std::string_view, std::vector<std::string_view>> globs_;
    std::unordered_map<std::string_view, std::vector<std::string_view>> names_;
};

}  // namespace bext::handoff
