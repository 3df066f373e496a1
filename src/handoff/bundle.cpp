#include "handoff/bundle.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace bext::handoff {
namespace {

constexpr std::string_view kMagic = "bext bundle 2\n";
constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

enum class Part : std::uint8_t { kFile = 1, kGlob = 2, kEnd = 3, kName = 4 };

Result<> write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        auto n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Error::from_errno("write() to a memfd");
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

Error damaged() { return {"the bundle of the configuration is damaged"}; }

}  // namespace

BundleWriter::BundleWriter(const Plan& plan) {
    wire_.text(kMagic);
    wire_.text(encode(plan));
}

void BundleWriter::file(std::string_view path, std::string_view bytes, int error) {
    wire_.number(static_cast<std::uint8_t>(Part::kFile));
    wire_.text(path);
    wire_.text(bytes);
    wire_.number<std::int32_t>(error);
}

void BundleWriter::glob(std::string_view pattern, const std::vector<std::string>& paths) {
    wire_.number(static_cast<std::uint8_t>(Part::kGlob));
    wire_.text(pattern);
    wire_.list(paths, [this](const std::string& path) { wire_.text(path); });
}

void BundleWriter::name(std::string_view host, const std::vector<std::string_view>& addresses) {
    wire_.number(static_cast<std::uint8_t>(Part::kName));
    wire_.text(host);
    wire_.list(addresses, [this](std::string_view address) { wire_.text(address); });
}

Result<Fd> BundleWriter::seal() && {
    Fd fd(memfd_create("bext-bundle", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return Error::from_errno("memfd_create()");
    wire_.number(static_cast<std::uint8_t>(Part::kEnd));
    if (auto written = write_all(fd.get(), wire_.take()); !written) return written.error();
    if (fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return Error::from_errno("fcntl(F_ADD_SEALS)");
    return fd;
}

Result<Bundle> Bundle::open(Fd fd) {
    int seals = fcntl(fd.get(), F_GET_SEALS);
    if (seals < 0 || (seals & kSeals) != kSeals) return Error{"the bundle of the configuration is not sealed"};
    struct stat found{};
    if (fstat(fd.get(), &found) != 0) return Error::from_errno("fstat() of a bundle");
    if (found.st_size == 0) return damaged();
    auto size = static_cast<std::size_t>(found.st_size);
    void* map = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (map == MAP_FAILED) return Error::from_errno("mmap() of a bundle");
    Bundle bundle;
    bundle.fd_ = std::move(fd);
    bundle.map_ = {static_cast<const char*>(map), size};
    if (auto parsed = bundle.parse(); !parsed) return parsed.error();
    return bundle;
}

Result<> Bundle::parse() {
    WireReader wire(map_);
    if (wire.text() != kMagic) return damaged();
    auto plan = decode_plan(wire.text());
    if (!plan) return plan.error();
    plan_ = *std::move(plan);
    while (true) {
        auto part = static_cast<Part>(wire.number<std::uint8_t>());
        if (part == Part::kEnd) break;
        auto name = wire.text();
        if (part == Part::kFile) {
            auto bytes = wire.text();
            files_[name] = {bytes, wire.number<std::int32_t>()};
        } else if (part == Part::kGlob || part == Part::kName) {
            auto& texts = part == Part::kGlob ? globs_[name] : names_[name];
            wire.list([&] { texts.push_back(wire.text()); });
        } else {
            return damaged();
        }
    }
    if (!wire.at_end()) return damaged();
    return {};
}

Bundle::Bundle(Bundle&& other) noexcept
    : fd_(std::move(other.fd_)),
      map_(std::exchange(other.map_, {})),
      plan_(std::move(other.plan_)),
      files_(std::move(other.files_)),
      globs_(std::move(other.globs_)),
      names_(std::move(other.names_)) {}

Bundle& Bundle::operator=(Bundle&& other) noexcept {
    if (this == &other) return *this;
    this->~Bundle();
    return *new (this) Bundle(std::move(other));
}

Bundle::~Bundle() {
    if (!map_.empty()) munmap(const_cast<char*>(map_.data()), map_.size());
}

const Bundle::File* Bundle::file(std::string_view path) const {
    auto found = files_.find(path);
    return found == files_.end() ? nullptr : &found->second;
}

std::string Bundle::difference(const Bundle& other, const std::vector<std::string>& except) const {
    for (auto& [path, file] : files_) {
        auto* now = other.file(path);
        bool same = now && now->bytes == file.bytes && now->error == file.error;
        if (!same && std::find(except.begin(), except.end(), path) == except.end()) return std::string(path);
    }
    for (auto& [pattern, paths] : globs_)
        if (auto* now = other.glob(pattern); !now || *now != paths) return std::string(pattern);
    return {};
}

const std::vector<std::string_view>* Bundle::glob(std::string_view pattern) const {
    auto found = globs_.find(pattern);
    return found == globs_.end() ? nullptr : &found->second;
}

const std::vector<std::string_view>* Bundle::name(std::string_view host) const {
    auto found = names_.find(host);
    return found == names_.end() ? nullptr : &found->second;
}

}  // namespace bext::handoff
