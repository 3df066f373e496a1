#include "base/program.h"

#include <gtest/gtest.h>

namespace bext {
namespace {

TEST(Program, keeps_what_was_printed_and_the_status) {
    auto ended = run_program({"sh", "-c", "echo out; echo err >&2; exit 3"}, 10'000);
    ASSERT_TRUE(ended) << ended.error().text;
    EXPECT_EQ(ended->status, 3);
    EXPECT_EQ(ended->out, "out\n");
    EXPECT_EQ(ended->err, "err\n");
}

TEST(Program, its_words_are_not_a_shell_line) {
    auto ended = run_program({"printf", "%s", "a b;$(c)"}, 10'000);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->out, "a b;$(c)");
}

TEST(Program, a_signal_shows_in_the_status) {
    auto ended = run_program({"sh", "-c", "kill -TERM $$"}, 10'000);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->status, 128 + 15);
}

TEST(Program, much_output_on_both_pipes_is_read) {
    auto ended = run_program({"sh", "-c", "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"}, 10'000);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->out.size(), 300'000u);
    EXPECT_EQ(ended->err.size(), 300'000u);
}

TEST(Program, what_hangs_is_ended) {
    auto ended = run_program({"sleep", "1000"}, 50);
    ASSERT_FALSE(ended);
    EXPECT_NE(ended.error().text.find("sleep"), std::string::npos);
}

TEST(Program, what_is_not_there_is_an_error) { EXPECT_FALSE(run_program({"/nonexistent/program"}, 1000)); }

TEST(Program, a_failure_has_the_programs_words) {
    auto good = run_good({"sh", "-c", "echo no luck >&2; exit 1"}, 10'000);
    ASSERT_FALSE(good);
    EXPECT_EQ(good.error().text, "\"sh\" failed: no luck");
}

}  // namespace
}  // namespace bext
