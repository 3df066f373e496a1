// BundleFiles: the files of a sealed Bundle, as the configuration reader asks for them.
#pragma once

#include "conf/files.h"
#include "handoff/bundle.h"

namespace bext::loader {

class BundleFiles final : public conf::Files {
public:
    explicit BundleFiles(const handoff::Bundle& bundle) : bundle_(bundle) {}

    Result<std::string_view> read(const std::string& path) override {
        auto* file = bundle_.file(path);
        if (!file) return conf::as_read(path, {}, ENOENT);
        return conf::as_read(path, file->bytes, file->error);
    }
    Result<std::vector<std::string>> glob(const std::string& pattern) override {
        auto* paths = bundle_.glob(pattern);
        if (!paths) return std::vector<std::string>();
        return std::vector<std::string>(paths->begin(), paths->end());
    }

private:
    const handoff::Bundle& bundle_;
};

/// Everything that `files` read, with `plan`, in a sealed memfd.
inline Result<Fd> seal(const handoff::Plan& plan, const conf::DiskFiles& files) {
    handoff::BundleWriter writer(plan);
    for (auto& [path, content] : files.contents()) writer.file(path, content.bytes, content.error);
    for (auto& [pattern, paths] : files.globs()) writer.glob(pattern, paths);
    return std::move(writer).seal();
}

}  // namespace bext::loader
