// Normalising of request targets as nginx does it.
#include "http/uri.h"

#include <gtest/gtest.h>

#include <string>

#include "base/arena.h"

using namespace std::literals;

namespace bext::http {
namespace {

// "path|args|exten", or "400".
std::string normal(std::string_view target, bool merge = true) {
    std::string out(normalised_size(target), '\0');
    NormalisedUri uri;
    if (!normalise(target, merge, out.data(), uri)) return "400";

    Arena arena;
    NormalisedUri again;
    EXPECT_TRUE(normalise(target, merge, arena, again));
    EXPECT_EQ(again.path, uri.path) << target;
    EXPECT_EQ(again.args, uri.args) << target;
    EXPECT_EQ(again.exten, uri.exten) << target;
    EXPECT_EQ(again.plus, uri.plus) << target;
    EXPECT_EQ(again.quoted, uri.quoted) << target;
    return std::string(uri.path) + "|" + std::string(uri.args) + "|" + std::string(uri.exten);
}

TEST(Uri, Plain) {
    EXPECT_EQ(normal("/"), "/||");
    EXPECT_EQ(normal("/a/b.c"), "/a/b.c||c");
    EXPECT_EQ(normal("/a?b=c?d"), "/a|b=c?d|");
    EXPECT_EQ(normal("/a?"), "/a||");
    EXPECT_EQ(normal("/a\xff\"<>\\"), "/a\xff\"<>\\||");
    EXPECT_EQ(normal("?q"), "/|q|");
}

TEST(Uri, Dots) {
    EXPECT_EQ(normal("/."), "/||");
    EXPECT_EQ(normal("/./"), "/||");
    EXPECT_EQ(normal("/a/./b"), "/a/b||");
    EXPECT_EQ(normal("/a/.."), "/||");
    EXPECT_EQ(normal("/a/../b"), "/b||");
    EXPECT_EQ(normal("/a/b/../../c/"), "/c/||");
    EXPECT_EQ(normal("/a/..?x"), "/|x|");
    EXPECT_EQ(normal("/a/.#x"), "/a/||");
    EXPECT_EQ(normal("/a/...b/..c/.d"), "/a/...b/..c/.d||");
    EXPECT_EQ(normal("/.../"), "/.../||");
    for (const auto target :
         {"/..", "/../x", "/a/../..", "/a/../../b", "/./..", "/..?x", "/%2e%2e", "/a/%2e%2e%2f%2e%2e"})
        EXPECT_EQ(normal(target), "400") << target;
}

TEST(Uri, Slashes) {
    EXPECT_EQ(normal("//a///b//"), "/a/b/||");
    EXPECT_EQ(normal("//a///b//", false), "//a///b//||");
    EXPECT_EQ(normal("/a//../b", false), "/a/b||");
    EXPECT_EQ(normal("/a//../b"), "/b||");
    EXPECT_EQ(normal("//../x", false), "/x||");
    EXPECT_EQ(normal("/a%2f%2Fb"), "/a/b||");
}

TEST(Uri, Decoding) {
    EXPECT_EQ(normal("/%41%7e"), "/A~||");
    EXPECT_EQ(normal("/a%2f..%2fx"), "/x||");
    EXPECT_EQ(normal("/a/%2e%2e/x"), "/x||");
    EXPECT_EQ(normal("/a/.%2e/x"), "/x||");
    EXPECT_EQ(normal("/%2525"), "/%25||");
    EXPECT_EQ(normal("/a%3fb?c"), "/a?b|c|");
    EXPECT_EQ(normal("/a%23b#c"), "/a#b||");
    EXPECT_EQ(normal("/a%0a%7f%ff"), "/a\n\x7f\xff||");
    EXPECT_EQ(normal("/.%25."), "/.%.||");
    EXPECT_EQ(normal("/%2e%3f/.."), "/||");
    EXPECT_EQ(normal("/a%2Ehtml"), "/a.html||html");
    for (const auto target : {"/%00", "/%", "/%4", "/%4?1", "/%zz", "/%4g", "/a%#", "/%%41"})
        EXPECT_EQ(normal(target), "400") << target;
}

TEST(Uri, Fragments) {
    EXPECT_EQ(normal("/a#b?c"), "/a||");
    EXPECT_EQ(normal("/a?b#c?d"), "/a|b|");
    EXPECT_EQ(normal("/a?#c"), "/a||");
    EXPECT_EQ(normal("/a.b#c.d"), "/a.b||b");
}

TEST(Uri, Extensions) {
    EXPECT_EQ(normal("/a.b.c"), "/a.b.c||c");
    EXPECT_EQ(normal("/a.b/c"), "/a.b/c||");
    EXPECT_EQ(normal("/a.b/c.d/.."), "/a.b/||");
    EXPECT_EQ(normal("/.htaccess"), "/.htaccess||");
    EXPECT_EQ(normal("/a."), "/a.||");
    EXPECT_EQ(normal("/.a.b"), "/.a.b||b");
    EXPECT_EQ(extension("/a.b"), "b");
    EXPECT_EQ(extension("/.b"), "");
    EXPECT_EQ(extension("/a/.b"), "");
    EXPECT_EQ(extension("/a.b/c"), "");
    EXPECT_EQ(extension("/..x"), "x");
    EXPECT_EQ(extension(""), "");
}

TEST(Uri, Flags) {
    Arena arena;
    NormalisedUri uri;
    ASSERT_TRUE(normalise("/a+b", true, arena, uri));
    EXPECT_TRUE(uri.plus);
    ASSERT_TRUE(normalise("/a%2bb?+", true, arena, uri));
    EXPECT_TRUE(uri.plus && uri.quoted);
    ASSERT_TRUE(normalise("/a?%41+", true, arena, uri));
    EXPECT_FALSE(uri.plus || uri.quoted);
}

TEST(Uri, PlainTargetsAreUsedInPlace) {
    Arena arena;
    NormalisedUri uri;
    const std::string_view target = "/a/b?c";
    ASSERT_TRUE(normalise(target, true, arena, uri));
    EXPECT_EQ(uri.path.data(), target.data());
    EXPECT_FALSE(needs_normalising("/a..?//#"sv.substr(0, 7)));
    EXPECT_TRUE(needs_normalising("/a?#"));
    EXPECT_TRUE(needs_normalising(""));
}

TEST(Uri, ValidTarget) {
    EXPECT_TRUE(valid_target("/a\xff?#"));
    for (const auto target : {""sv, "a"sv, "*"sv, "/ "sv, "/\x7f"sv, "/\0"sv, "/\n"sv})
        EXPECT_FALSE(valid_target(target)) << target;
}

std::string unsafe(std::string_view uri) {
    Arena arena;
    std::string_view args = "old";
    if (!parse_unsafe_uri(uri, args, arena)) return "unsafe";
    return std::string(uri) + "|" + std::string(args);
}

TEST(Uri, UnsafeUris) {
    EXPECT_EQ(unsafe("/a/b?c"), "/a/b|c");
    EXPECT_EQ(unsafe("/a/b"), "/a/b|old");
    EXPECT_EQ(unsafe("/a?"), "/a|");
    EXPECT_EQ(unsafe("/a%20b%3fc?d%41"), "/a b?c|d%41");
    EXPECT_EQ(unsafe("/..a/b../...?/../"), "/..a/b../...|/../");
    EXPECT_EQ(unsafe("@named"), "@named|old");
    EXPECT_EQ(unsafe("/%2541"), "/%41|old");
    for (const auto uri : {""sv, "?a"sv, ".."sv, "../a"sv, "/.."sv, "/a/../b"sv, "/a/%2e%2e/b"sv, "/a%2f.."sv,
                           "/%2e./"sv, "/a\0"sv, "/a%00"sv, "/..?x"sv, "%2e%2e"sv})
        EXPECT_EQ(unsafe(uri), "unsafe") << uri;
}

}  // namespace
}  // namespace bext::http
