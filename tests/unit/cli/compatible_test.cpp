// Whose defaults hold: what bext's own configuration says, else what was written down.
#include "cli/compatible.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

namespace bext::cli {
namespace {

class CompatibleTest : public testing::Test {
protected:
    void SetUp() override { setenv("BEXT_CONFIG", config_.c_str(), 1), say(""); }
    void TearDown() override {
        unsetenv("BEXT_CONFIG");
        for (auto& path : {config_, records_.masquerade, records_.takeover}) unlink(path.c_str());
    }
    void say(const std::string& text) const { std::ofstream(config_) << text; }
    std::string found() const {
        auto compatible = find_compatible(records_);
        return compatible ? text_of(*compatible) : compatible.error().text;
    }

    std::string base_ = testing::TempDir() + "compatible-" + std::to_string(getpid());
    std::string config_ = base_ + ".toml";
    Records records_{base_ + "-masquerade", base_ + "-takeover"};
};

TEST_F(CompatibleTest, TheNewestWhenNothingIsKnown) { EXPECT_EQ(found(), "nginx " + kNewestNginx.text()); }

TEST_F(CompatibleTest, WhatWasWrittenDownHoldsUnlessTheConfigurationSaysOtherwise) {
    std::ofstream(records_.takeover) << "nginx/1.22.1\n";
    EXPECT_EQ(found(), "nginx 1.22.1, which takeover has found here");
    std::ofstream(records_.masquerade) << "nginx/1.18.0 (Ubuntu)\n";
    EXPECT_EQ(found(), "nginx 1.18.0, which masquerade has found here");
    say("[nginx]\ncompatible = \"1.26\"\n");
    EXPECT_EQ(found(), "nginx 1.26, as bext.config.toml says");
    say("[nginx]\ncompatible = \"newest\"\n");
    EXPECT_EQ(found(), "nginx " + kNewestNginx.text() + ", as bext.config.toml says");
}

TEST_F(CompatibleTest, AnOlderOneIsTheOldestThatIsKnown) {
    std::ofstream(records_.takeover) << "nginx/1.14.2\n";
    EXPECT_EQ(found(), "nginx 1.18.0, which takeover has found here");
    std::ofstream(records_.takeover) << "\n";
    EXPECT_EQ(found(), "nginx " + kNewestNginx.text());
}

TEST_F(CompatibleTest, AConfigurationWithAFaultIsOneError) {
    say("[nginx]\ncompatible = 1.22\n");
    EXPECT_EQ(found(), config_ + ":2: [nginx] compatible takes the version of the nginx whose defaults hold, from \"1.18\" to \"1.31\", such as \"1.22\", or \"newest\"");
    unlink(config_.c_str());
    EXPECT_EQ(found(), "open() \"" + config_ + "\" failed (2: No such file or directory)");
}

}  // namespace
}  // namespace bext::cli
