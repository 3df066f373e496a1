// BundleFiles, BundleNames: the files and the addresses of a sealed Bundle, as the configuration reader asks for them.
#pragma once

#include "conf/files.h"
#include "handoff/bundle.h"
#include "net/names.h"

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

class BundleNames final : public net::Names {
public:
    explicit BundleNames(const handoff::Bundle& bundle) : bundle_(bundle) {}

private:
    std::vector<net::Address> look_up(const std::string& name) override {
        std::vector<net::Address> found;
        if (auto* all = bundle_.name(name))
            for (auto bytes : *all) found.push_back(net::Address::of_bytes(bytes));
        return found;
    }

    const handoff::Bundle& bundle_;
};

/// Everything that `files` read and `names` were asked for, with `plan`, in a sealed memfd.
inline Result<Fd> seal(const handoff::Plan& plan, const conf::DiskFiles& files, const net::SystemNames& names) {
    handoff::BundleWriter writer(plan);
    for (auto& [path, content] : files.contents()) writer.file(path, content.bytes, content.error);
    for (auto& [pattern, paths] : files.globs()) writer.glob(pattern, paths);
    for (auto& [name, addresses] : names.found()) {
        std::vector<std::string_view> all;
        for (auto& address : addresses) all.push_back(address.sockaddr_bytes());
        writer.name(name, all);
    }
    return std::move(writer).seal();
}

}  // namespace bext::loader
