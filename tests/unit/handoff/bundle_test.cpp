// Bundle: what is sealed comes back, and nothing damaged is accepted.
#include "handoff/bundle.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace bext::handoff {
namespace {

Plan sample() {
    Plan plan;
    plan.listens.push_back({.address = std::string("\x02\x00\x00\x50", 4), .text = "0.0.0.0:80", .reuseport = 2});
    plan.listens.push_back({.address = "u", .text = "unix:/run/x", .ipv6only = false, .deferred = true, .keepalive_idle = 7});
    plan.log_files = {"/var/log/nginx/access.log", ""};
    plan.error_logs = {{"/var/log/nginx/error.log", 6}, {"", 4, {"sockaddr", 3, 5, "host", "tag"}}};
    plan.directories = {"/var/lib/nginx/body"};
    plan.environment = {"TZ", "A=b"};
    plan.user = "www-data";
    plan.uid = 33;
    plan.groups = {33, 4};
    plan.rlimit_nofile = 65535;
    plan.priority = -5;
    plan.daemon = false;
    plan.pid_path = "/run/nginx.pid";
    return plan;
}

Fd sealed() {
    BundleWriter writer(sample());
    writer.file("/etc/nginx/nginx.conf", "events {}\n");
    writer.file("/etc/nginx/empty", "");
    writer.file("/etc/nginx/missing", "", ENOENT);
    writer.glob("/etc/nginx/conf.d/*.conf", {"/etc/nginx/conf.d/a.conf", "/etc/nginx/conf.d/b.conf"});
    writer.glob("/none/*", {});
    writer.name("backend.example", {"addr1", "addr2"});
    writer.name("unknown.example", {});
    return *std::move(writer).seal();
}

std::string bytes_of(const Fd& fd) {
    std::string bytes(static_cast<std::size_t>(lseek(fd.get(), 0, SEEK_END)), '\0');
    EXPECT_EQ(pread(fd.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return bytes;
}

Fd memfd_of(std::string_view bytes) {
    Fd fd(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
    return fd;
}

TEST(BundleTest, GivesBackWhatWasSealed) {
    auto bundle = Bundle::open(sealed());
    ASSERT_TRUE(bundle);
    EXPECT_EQ(bundle->plan(), sample());
    EXPECT_EQ(bundle->file("/etc/nginx/nginx.conf")->bytes, "events {}\n");
    EXPECT_EQ(bundle->file("/etc/nginx/empty")->bytes, "");
    EXPECT_EQ(bundle->file("/etc/nginx/missing")->error, ENOENT);
    EXPECT_EQ(bundle->file("/etc/nginx/other"), nullptr);
    EXPECT_EQ(bundle->glob("/etc/nginx/conf.d/*.conf")->at(1), "/etc/nginx/conf.d/b.conf");
    EXPECT_TRUE(bundle->glob("/none/*")->empty());
    EXPECT_EQ(bundle->glob("/other/*"), nullptr);
    EXPECT_EQ(bundle->name("backend.example")->at(1), "addr2");
    EXPECT_TRUE(bundle->name("unknown.example")->empty());
    EXPECT_EQ(bundle->name("other.example"), nullptr);
    Bundle moved = *std::move(bundle);
    EXPECT_EQ(moved.name("backend.example")->at(0), "addr1");
    EXPECT_EQ(moved.file("/etc/nginx/nginx.conf")->bytes, "events {}\n");
}

TEST(BundleTest, CannotBeChanged) {
    auto fd = sealed();
    EXPECT_LT(pwrite(fd.get(), "x", 1, 0), 0);
    EXPECT_LT(ftruncate(fd.get(), 0), 0);
}

TEST(BundleTest, RefusesWhatIsNotSealed) {
    Fd fd(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    auto bytes = bytes_of(sealed());
    ASSERT_GT(write(fd.get(), bytes.data(), bytes.size()), 0);
    EXPECT_FALSE(Bundle::open(std::move(fd)));
    EXPECT_FALSE(Bundle::open(Fd(open("/dev/null", O_RDONLY | O_CLOEXEC))));
}

TEST(BundleTest, EveryTruncationIsAnError) {
    auto bytes = bytes_of(sealed());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(Bundle::open(memfd_of(std::string_view(bytes).substr(0, size)))) << size;
    EXPECT_FALSE(Bundle::open(memfd_of(bytes + "x")));
}

TEST(BundleTest, EveryChangedByteIsSurvived) {
    auto bytes = bytes_of(sealed());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ 0xFF);
        auto bundle = Bundle::open(memfd_of(changed));
        EXPECT_TRUE(!bundle || !bundle->file("no such"));
    }
}

TEST(PlanTest, KnowsWhatNeedsAnotherProcess) {
    auto plan = sample();
    auto other = plan;
    other.listens.clear();
    other.log_files.clear();
    other.pid_path = "/other";
    EXPECT_TRUE(plan.same_process(other));
    other.uid = 34;
    EXPECT_FALSE(plan.same_process(other));
}

}  // namespace
}  // namespace bext::handoff
