#include "masquerade/steps.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <map>

#include "masquerade/files.h"

namespace bext::masquerade {
namespace {

/// Steps a, b and c that only note what happens to them.
class Steps : public testing::Test {
protected:
    Steps() {
        char name[] = "/tmp/bext-steps.XXXXXX";
        directory_ = mkdtemp(name);
        for (std::string one : {"a", "b", "c"}) {
            Step step;
            step.name = one;
            step.does = "do " + one;
            step.undoes = "undo " + one;
            step.check = [this, one]() -> Result<State> { return states_[one]; };
            step.apply = [this, one](Journal&) -> Result<> {
                happened_ += "+" + one;
                states_[one] = fails_ == one ? State::kPartly : State::kDone;
                return fails_ == one ? Result<>(Error{"no luck"}) : Result<>();
            };
            step.undo = [this, one](Journal&) -> Result<> {
                if (stuck_ == one) return Error{"stuck"};
                happened_ += "-" + one;
                states_[one] = State::kAbsent;
                return {};
            };
            steps_.push_back(step);
        }
    }
    ~Steps() override {
        unsetenv("BEXT_FAILPOINT");
        std::filesystem::remove_all(directory_);
    }

    Journal journal() {
        auto opened = Journal::open(directory_ + "/state/masquerade/journal");
        EXPECT_TRUE(opened) << opened.error().text;
        return *std::move(opened);
    }
    Report report() {
        return [this](const std::string& word, const std::string& sentence) { told_ += word + " " + sentence + "; "; };
    }

    std::string directory_, happened_, told_, fails_, stuck_;
    std::map<std::string, State> states_;
    std::vector<Step> steps_;
};

TEST_F(Steps, are_done_in_order_and_only_once) {
    auto log = journal();
    ASSERT_TRUE(apply_steps(steps_, log, report()));
    EXPECT_EQ(happened_, "+a+b+c");
    ASSERT_TRUE(apply_steps(steps_, log, report()));
    EXPECT_EQ(happened_, "+a+b+c");
    EXPECT_TRUE(told_.ends_with("kept do a; kept do b; kept do c; ")) << told_;
}

TEST_F(Steps, a_failure_undoes_what_this_run_did_the_last_first) {
    states_["a"] = State::kDone;
    fails_ = "c";
    auto log = journal();
    auto done = apply_steps(steps_, log, report());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().text, "c: no luck");
    EXPECT_EQ(happened_, "+b+c-c-b") << "a was there before";
}

TEST_F(Steps, what_cannot_be_undone_is_told_too) {
    fails_ = "b";
    stuck_ = "a";
    auto log = journal();
    auto done = apply_steps(steps_, log, report());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().text, "b: no luck; and then a could not be undone: stuck");
}

TEST_F(Steps, what_is_half_done_is_done_or_undone) {
    states_["b"] = State::kPartly;
    auto log = journal();
    ASSERT_TRUE(undo_steps(steps_, log, report()));
    EXPECT_EQ(happened_, "-b");
    states_["b"] = State::kPartly;
    ASSERT_TRUE(apply_steps(steps_, log, report()));
    EXPECT_EQ(happened_, "-b+a+b+c");
}

TEST_F(Steps, an_undo_that_fails_goes_on_the_next_time) {
    auto log = journal();
    ASSERT_TRUE(apply_steps(steps_, log, report()));
    stuck_ = "b";
    EXPECT_FALSE(undo_steps(steps_, log, report()));
    EXPECT_EQ(happened_, "+a+b+c-c");
    stuck_.clear();
    EXPECT_TRUE(undo_steps(steps_, log, report()));
    EXPECT_EQ(happened_, "+a+b+c-c-b-a");
}

TEST_F(Steps, a_dry_run_only_tells) {
    states_["a"] = State::kDone;
    ASSERT_TRUE(tell_steps(steps_, false, report()));
    EXPECT_EQ(told_, "kept do a; would do do b; would do do c; ");
    told_.clear();
    ASSERT_TRUE(tell_steps(steps_, true, report()));
    EXPECT_EQ(told_, "kept undo c; kept undo b; would undo undo a; ");
    EXPECT_EQ(happened_, "");
}

TEST_F(Steps, each_is_in_the_journal_before_it_begins) {
    auto log = journal();
    steps_[1].apply = [this](Journal&) -> Result<> {
        auto seen = journal().entries();
        EXPECT_EQ(seen.back(), (Entry{"begin", "b"}));
        EXPECT_TRUE(is_interrupted(seen));
        return {};
    };
    ASSERT_TRUE(apply_steps(steps_, log, report()));
    EXPECT_FALSE(is_interrupted(journal().entries()));
    EXPECT_TRUE(journal().has("done", "c"));
}

TEST_F(Steps, the_journal_removes_what_it_made) {
    auto log = journal();
    ASSERT_TRUE(log.add("begin", "a"));
    EXPECT_TRUE(exists(directory_ + "/state/masquerade/journal"));
    ASSERT_TRUE(log.remove());
    EXPECT_FALSE(exists(directory_ + "/state"));
}

TEST_F(Steps, a_failpoint_is_an_error_at_its_place) {
    setenv("BEXT_FAILPOINT", "b-done:fail", 1);
    auto log = journal();
    EXPECT_FALSE(apply_steps(steps_, log, report()));
    EXPECT_EQ(happened_, "+a+b-b-a");
    setenv("BEXT_FAILPOINT", "c:kill", 1);
    EXPECT_EXIT((void)apply_steps(steps_, log, report()), testing::KilledBySignal(SIGKILL), "");
    setenv("BEXT_FAILPOINT", "c:exit", 1);
    EXPECT_EXIT((void)apply_steps(steps_, log, report()), testing::ExitedWithCode(3), "");
}

TEST(JournalText, a_line_that_is_not_whole_is_none) {
    auto entries = parse_journal("1 begin a\n2 done a\n3 made /x y\nnonsense\n4 begin b");
    EXPECT_EQ(entries, (std::vector<Entry>{{"begin", "a"}, {"done", "a"}, {"made", "/x y"}}));
}

}  // namespace
}  // namespace bext::masquerade
