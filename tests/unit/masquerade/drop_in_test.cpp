#include "masquerade/drop_in.h"

#include <gtest/gtest.h>

#include "sysd/unit_text.h"

namespace bext::masquerade {
namespace {

using Words = std::vector<std::string>;

TEST(DropIn, empties_each_list_before_it_sets_it) {
    auto text = drop_in_text({"/usr/sbin/bext-server", "/run/nginx.pid", "", false});
    ASSERT_TRUE(text);
    for (std::string list : {"ExecStart", "ExecReload"}) {
        auto empty = text->find("\n" + list + "=\n"), set = text->find("\n" + list + "=/usr/sbin/bext-server ");
        ASSERT_NE(empty, std::string::npos) << list;
        ASSERT_NE(set, std::string::npos) << list;
        EXPECT_LT(empty, set) << list;
        EXPECT_EQ(text->find("\n" + list + "=", set + 1), std::string::npos) << list;
    }
    for (auto* list : {"\nExecStartPre=\n", "\nExecStop=\n", "\nExecStopPost=\n"}) EXPECT_NE(text->find(list), std::string::npos) << list;
    EXPECT_NE(text->find("\nPIDFile=/run/nginx.pid\n"), std::string::npos);
    EXPECT_EQ(text->find("--nginx-config"), std::string::npos);
    // The unit's own mode of such directories is not changed: nginx's may be among them.
    EXPECT_NE(text->find("\nRuntimeDirectory=bext\nRuntimeDirectoryPreserve=yes\n"), std::string::npos);
    EXPECT_EQ(text->find("RuntimeDirectoryMode"), std::string::npos);
}

TEST(DropIn, passes_on_what_the_unit_does_not_say_by_itself) {
    auto text = drop_in_text({"/opt/bext-server", "/run/a.pid", "/etc/a.conf", true});
    ASSERT_TRUE(text);
    EXPECT_NE(text->find("\nExecStart=/opt/bext-server --nginx-masquerade --nginx-config=/etc/a.conf --pid-file=/run/a.pid\n"), std::string::npos);
    EXPECT_NE(text->find("\nExecReload=/opt/bext-server ctl reload --wait --pid-file=/run/a.pid\n"), std::string::npos);
}

TEST(DropIn, refuses_paths_that_are_no_plain_word) {
    for (std::string bad : {"relative", "/a b", "/a%n", "/a\nExecStart=/bin/sh", "/a$b", "/a;b", "/a'b", "/a\\b"})
        EXPECT_FALSE(drop_in_text({"/usr/sbin/bext-server", bad, "", true})) << bad;
}

TEST(DropIn, finds_how_the_unit_starts_nginx) {
    auto words = sysd::start_words_in({"[Service]\nExecStartPre=/usr/sbin/nginx -t\nExecStart=/usr/sbin/nginx -g 'daemon on; master_process on;'\nExecReload=/x\n"});
    EXPECT_EQ(words, (Words{"/usr/sbin/nginx", "-g", "daemon on; master_process on;"}));
}

TEST(DropIn, a_later_file_wins_and_an_empty_value_forgets) {
    EXPECT_EQ(sysd::start_words_in({"ExecStart=/a\n", "ExecStart=\nExecStart = -/b -c \"/x y\" \\\n  -q\n"}), (Words{"/b", "-c", "/x y", "-q"}));
    EXPECT_TRUE(sysd::start_words_in({"ExecStart=/a\n", "ExecStart=\n"}).empty());
    EXPECT_TRUE(sysd::start_words_in({"[Unit]\n#ExecStart=/a\n"}).empty());
    EXPECT_EQ(sysd::start_words_in({"ExecStart=/a '' \"b\"c"}), (Words{"/a", "", "bc"}));
}

TEST(DropIn, finds_an_option_among_the_words) {
    EXPECT_EQ(option_of({"nginx", "-c", "/x"}, 'c'), "/x");
    EXPECT_EQ(option_of({"nginx", "-q", "-c/x"}, 'c'), "/x");
    EXPECT_EQ(option_of({"nginx", "-g", "-c", "-c", "/y"}, 'c'), "/y") << "the first -c is the value of -g";
    EXPECT_EQ(option_of({"nginx", "-g", "daemon on;"}, 'c'), "");
    EXPECT_EQ(option_of({"nginx", "-c"}, 'c'), "");
}

}  // namespace
}  // namespace bext::masquerade
