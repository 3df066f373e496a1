// Files: where the configuration and the files it names are read from: the disk (which records what it read, to be
// sealed into a Bundle) or a Bundle.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bext::conf {

class Files {
public:
    virtual ~Files() = default;
    /// The whole content of `path`; the view lives as long as this object. The error is an errno with nginx's open() text.
    virtual Result<std::string_view> read(const std::string& path) = 0;
    /// Paths that match, sorted as glob(3) sorts; empty when none does.
    virtual Result<std::vector<std::string>> glob(const std::string& pattern) = 0;
};

/// Reads the disk once per path and remembers everything, so that a worker can be given the very same bytes.
class DiskFiles final : public Files {
public:
    struct Content {
        std::string bytes;
        int error = 0;  // errno of a failed read
    };

    Result<std::string_view> read(const std::string& path) override;
    Result<std::vector<std::string>> glob(const std::string& pattern) override;

    const std::map<std::string, Content>& contents() const { return contents_; }
    const std::map<std::string, std::vector<std::string>>& globs() const { return globs_; }

private:
    std::map<std::string, Content> contents_;
    std::map<std::string, std::vector<std::string>> globs_;
};

/// The result of reading `path`, or of the failure `error` to read it.
Result<std::string_view> as_read(const std::string& path, std::string_view bytes, int error);

/// `path` itself when absolute, else below `prefix` (which ends in a slash).
std::string absolute_path(std::string_view prefix, std::string_view path);

}  // namespace bext::conf
