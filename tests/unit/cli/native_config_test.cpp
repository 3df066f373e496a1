// bext.config.toml: what it may say, and how it is told what it may not.
#include "cli/native_config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace bext::cli {
namespace {

std::string error_of(const std::string& text) {
    auto config = parse_native_config(text, "b.toml");
    return config ? "accepted" : config.error().text;
}

TEST(NativeConfigTest, NothingIsTheDefault) {
    auto config = parse_native_config("", "b.toml");
    ASSERT_TRUE(config);
    EXPECT_EQ(config->nginx_config, "");
    EXPECT_EQ(config->drain_timeout_ms, 30'000u);
    EXPECT_FALSE(config->git_deploy.enabled);
    EXPECT_EQ(config->git_deploy.listen, "127.0.0.1:8090");
    EXPECT_FALSE(config->compatible || config->watch_certificates);
}

TEST(NativeConfigTest, Compatible) {
    auto version = [](const std::string& value) { return parse_native_config("nginx.compatible = " + value, "b.toml")->compatible->text(); };
    EXPECT_EQ(version("\"1.22\""), "1.22");
    EXPECT_EQ(version("\"1.18.0\""), "1.18.0");
    EXPECT_EQ(version("\"newest\""), kNewestNginx.text());
    EXPECT_EQ(version("\"1.31\""), kNewestNginx.text());
    for (auto* wrong : {"1.22", "\"\"", "\"1\"", "\"1.16\"", "\"1.17\"", "\"1.32\"", "\"1.99\"", "\"2.0\"", "\"nginx/1.22\"", "\"oldest\"", "true"})
        EXPECT_TRUE(error_of("\n[nginx]\ncompatible = " + std::string(wrong)).starts_with("b.toml:3: [nginx] compatible takes the version")) << wrong;
}

TEST(NativeConfigTest, Everything) {
    auto config = parse_native_config(R"(
[nginx]
config = "/srv/nginx.conf"
[upgrade]
drain_timeout = 45
[git_deploy]
enabled = true
secret = "s3cret"
on_push = "git -C /srv/site pull && bext upgrade"
listen = "[::1]:9001"
)", "b.toml");
    ASSERT_TRUE(config) << config.error().text;
    EXPECT_EQ(config->nginx_config, "/srv/nginx.conf");
    EXPECT_EQ(config->drain_timeout_ms, 45'000u);
    EXPECT_TRUE(config->git_deploy.enabled);
    EXPECT_EQ(config->git_deploy.secret, "s3cret");
    EXPECT_EQ(config->git_deploy.on_push, "git -C /srv/site pull && bext upgrade");
    EXPECT_EQ(config->git_deploy.listen, "[::1]:9001");
}

TEST(NativeConfigTest, Times) {
    auto ms = [](const std::string& value) { return parse_native_config("upgrade.drain_timeout = " + value, "b.toml")->drain_timeout_ms; };
    EXPECT_EQ(ms("0"), 0u);
    EXPECT_EQ(ms("\"30s\""), 30'000u);
    EXPECT_EQ(ms("\"500ms\""), 500u);
    EXPECT_EQ(ms("\"2m\""), 120'000u);
    EXPECT_EQ(ms("\"24h\""), 86'400'000u);
    for (auto* wrong : {"-1", "86401", "\"25h\"", "\"30\"", "\"s\"", "\"\"", "\"1d\"", "\"3 s\"", "true", "1.5", "[]", "\"99999999999999999999s\""})
        EXPECT_TRUE(error_of("\n[upgrade]\ndrain_timeout = " + std::string(wrong)).starts_with("b.toml:3: [upgrade] drain_timeout takes seconds (30)"))
            << wrong << ": " << error_of("\n[upgrade]\ndrain_timeout = " + std::string(wrong));
}

TEST(NativeConfigTest, UnknownNamesAreToldWhatThereIs) {
    EXPECT_EQ(error_of("\n[upgrades]\n"), "b.toml:2: there is no \"upgrades\"; there are the sections: nginx, tls, upgrade, git_deploy");
    EXPECT_EQ(error_of("port = 80"), "b.toml:1: there is no \"port\"; there are the sections: nginx, tls, upgrade, git_deploy");
    EXPECT_EQ(error_of("[nginx]\n\nconf = \"x\""), "b.toml:3: [nginx] has no key \"conf\"; it has: config, compatible");
    EXPECT_EQ(error_of("[git_deploy]\npush = 1"), "b.toml:2: [git_deploy] has no key \"push\"; it has: enabled, secret, on_push, listen");
}

TEST(NativeConfigTest, ValuesOfAnotherKind) {
    EXPECT_EQ(error_of("nginx = 1"), "b.toml:1: \"nginx\" is a section: write [nginx]");
    EXPECT_EQ(error_of("[nginx]\nconfig = 1"), "b.toml:2: [nginx] config takes the path of an nginx.conf, from / on");
    EXPECT_EQ(error_of("[nginx]\nconfig = \"nginx.conf\""), "b.toml:2: [nginx] config takes the path of an nginx.conf, from / on");
    EXPECT_EQ(error_of("[git_deploy]\nenabled = \"yes\""), "b.toml:2: [git_deploy] enabled takes true or false");
    EXPECT_EQ(error_of("[git_deploy]\nenabled = 1"), "b.toml:2: [git_deploy] enabled takes true or false");
    EXPECT_EQ(error_of("[git_deploy]\nsecret = \"\""), "b.toml:2: [git_deploy] secret takes the webhook's secret, a text");
}

TEST(NativeConfigTest, OnlyLoopbackListens) {
    for (auto* right : {"127.0.0.1:1", "127.9.9.9:65535", "[::1]:80"}) EXPECT_EQ(error_of("git_deploy.listen = \"" + std::string(right) + "\""), "accepted");
    for (auto* wrong : {"0.0.0.0:80", "10.0.0.1:80", "[::]:80", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", "localhost:80", "8090", ":80"})
        EXPECT_EQ(error_of("git_deploy.listen = \"" + std::string(wrong) + "\""),
                  "b.toml:1: [git_deploy] listen takes a loopback address and a port, such as \"127.0.0.1:8090\"") << wrong;
}

TEST(NativeConfigTest, AnEnabledDeployNeedsItsParts) {
    EXPECT_EQ(error_of("\n[git_deploy]\nenabled = true\non_push = \"x\""), "b.toml:2: [git_deploy] is enabled and needs \"secret\"");
    EXPECT_EQ(error_of("\n[git_deploy]\nenabled = true\nsecret = \"x\""), "b.toml:2: [git_deploy] is enabled and needs \"on_push\"");
    EXPECT_EQ(error_of("[git_deploy]\nenabled = false"), "accepted");
}

TEST(NativeConfigTest, FaultsOfTheLanguageHaveTheirLine) {
    EXPECT_TRUE(error_of("[nginx]\nconfig = \n").starts_with("b.toml:2: ")) << error_of("[nginx]\nconfig = \n");
    EXPECT_TRUE(error_of("[nginx\n").starts_with("b.toml:1: "));
}

TEST(NativeConfigTest, ReadsAFileWhoseSecretIsOne) {
    auto path = testing::TempDir() + "native-" + std::to_string(getpid()) + ".toml";
    EXPECT_EQ(read_native_config(path).error().text, "open() \"" + path + "\" failed (2: No such file or directory)");
    std::ofstream(path) << "[git_deploy]\nenabled = true\nsecret = \"x\"\non_push = \"true\"\n";
    chmod(path.c_str(), 0644);
    auto open = read_native_config(path);
    ASSERT_FALSE(open);
    EXPECT_EQ(open.error().text, path + ": everybody can read the secret of [git_deploy] in it; chmod 600 it");
    chmod(path.c_str(), 0640);
    auto config = read_native_config(path);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->git_deploy.secret, "x");
    unlink(path.c_str());
}

}  // namespace
}  // namespace bext::cli
