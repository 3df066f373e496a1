// Escaping and unescaping with nginx's tables.
#include "http/escape.h"

#include <gtest/gtest.h>

#include <string>

#include "base/arena.h"

using namespace std::literals;

namespace bext::http {
namespace {

// The bytes from 0x20 to 0x7e that `kind` leaves alone.
std::string kept(Escape kind) {
    std::string out;
    for (char c = 0x20; c < 0x7f; ++c)
        if (!needs_escaping(kind, {&c, 1})) out += c;
    return out;
}

std::string all_but(std::string_view bytes) {
    std::string out;
    for (char c = 0x20; c < 0x7f; ++c)
        if (bytes.find(c) == bytes.npos) out += c;
    return out;
}

bool escapes(Escape kind, char c) { return needs_escaping(kind, {&c, 1}); }

TEST(Escape, Tables) {
    EXPECT_EQ(kept(Escape::kUri), all_but(" \"#%<>?\\^`{|}"));
    EXPECT_EQ(kept(Escape::kArgs), all_but(" \"#%&+;<>?\\^`{|}"));
    EXPECT_EQ(kept(Escape::kUriComponent), "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
    EXPECT_EQ(kept(Escape::kUriHtml), all_but(" \"#%'<>\\^`{|}"));
    EXPECT_EQ(kept(Escape::kRefresh), all_but(" \"'<>\\^`{|~"));
    EXPECT_EQ(kept(Escape::kMemcached), all_but(" %"));
    EXPECT_EQ(kept(Escape::kHtml), all_but("\"&<>"));
    EXPECT_EQ(kept(Escape::kJson), all_but("\"\\"));
    EXPECT_EQ(kept(Escape::kLog), all_but("\"\\"));
    for (const auto kind : {Escape::kUri, Escape::kArgs, Escape::kUriComponent, Escape::kUriHtml, Escape::kRefresh}) {
        EXPECT_TRUE(escapes(kind, '\0') && escapes(kind, '\x1f') && escapes(kind, '\x7f') && escapes(kind, '\xff'));
    }
    EXPECT_TRUE(escapes(Escape::kMemcached, '\x1f') && !escapes(Escape::kMemcached, '\x7f'));
    EXPECT_TRUE(escapes(Escape::kJson, '\x1f') && !escapes(Escape::kJson, '\xff'));
    EXPECT_TRUE(escapes(Escape::kLog, '\x7f') && escapes(Escape::kLog, '\x80') && escapes(Escape::kLog, '\n'));
    EXPECT_FALSE(escapes(Escape::kHtml, '\0') || escapes(Escape::kHtml, '\xff'));
}

// All ways of calling give the same.
std::string escaped(Escape kind, std::string_view text) {
    Arena arena;
    const std::string result(escape(kind, text, arena));
    std::string appended = "x";
    append_escaped(appended, kind, text);
    EXPECT_EQ(appended, "x" + result);
    std::string buffer(escaped_bound(kind, text.size()), '\0');
    buffer.resize(static_cast<std::size_t>(escape_to(buffer.data(), kind, text) - buffer.data()));
    EXPECT_EQ(buffer, result);
    EXPECT_EQ(needs_escaping(kind, text), result != text);
    return result;
}

TEST(Escape, Results) {
    EXPECT_EQ(escaped(Escape::kUri, "/a b?\xff"), "/a%20b%3F%FF");
    EXPECT_EQ(escaped(Escape::kArgs, "a&b+c;"), "a%26b%2Bc%3B");
    EXPECT_EQ(escaped(Escape::kHtml, "<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;'");
    EXPECT_EQ(escaped(Escape::kJson, "\"\\/\n\r\t\b\f\x01\x1f\xff"), "\\\"\\\\/\\n\\r\\t\\b\\f\\u0001\\u001F\xff");
    EXPECT_EQ(escaped(Escape::kLog, "a\"\\\n\x7f\xe9"), "a\\x22\\x5C\\x0A\\x7F\\xE9");
    EXPECT_EQ(escaped(Escape::kUri, ""), "");
    EXPECT_EQ(escaped(Escape::kJson, "\0"sv), "\\u0000");
}

TEST(Escape, NothingToEscapeIsNoCopy) {
    Arena arena;
    const std::string_view text = "/a/b";
    EXPECT_EQ(escape(Escape::kUri, text, arena).data(), text.data());
    EXPECT_EQ(unescape_uri(text, Unescape::kAll, arena).data(), text.data());
}

std::string unescaped(std::string_view text, Unescape kind = Unescape::kAll) {
    Arena arena;
    return std::string(unescape_uri(text, kind, arena));
}

TEST(Unescape, All) {
    EXPECT_EQ(unescaped("a%20b%3f%2F?c%00%fF"), "a b?/?c\0\xff"s);
    EXPECT_EQ(unescaped("%zz%4zb%"), "zzb");
    EXPECT_EQ(unescaped("%4"), "");
    EXPECT_EQ(unescaped("%%41"), "%41");
}

TEST(Unescape, UriStopsAtTheQuestionMark) {
    EXPECT_EQ(unescaped("%41?%41", Unescape::kUri), "A?%41");
    EXPECT_EQ(unescaped("%41%3f%41", Unescape::kUri), "A?%41");
}

TEST(Unescape, RedirectKeepsWhatAHeaderMayNotHold) {
    EXPECT_EQ(unescaped("%41%20%0a%25%26%7e%7f%ff", Unescape::kRedirect), "A%20%0a%25&~%7f%ff");
    EXPECT_EQ(unescaped("%3f%41", Unescape::kRedirect), "?%41");
    EXPECT_EQ(unescaped("%3F%41", Unescape::kRedirect), "?%41");
}

TEST(Base64, Both) {
    const char* const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    const char* const coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (int i = 0; i < 7; ++i) {
        EXPECT_EQ(base64(plain[i]), coded[i]);
        EXPECT_EQ(decode_base64(coded[i]), plain[i]);
        EXPECT_EQ(decode_base64url(base64url(plain[i])), plain[i]);
    }
    EXPECT_EQ(base64("\xfb\xff\xfe"), "+//+");
    EXPECT_EQ(base64url("\xfb\xff\xfe\xff"), "-__-_w");
    EXPECT_EQ(decode_base64("Zm9v=garbage"), "foo");
    EXPECT_EQ(decode_base64("Zg"), "f");
    for (const auto text : {"Z", "Zm9vY", "Zm9-", "Zm 9v", "\xff\xff\xff\xff"})
        EXPECT_EQ(decode_base64(text), std::nullopt);
    EXPECT_EQ(decode_base64url("Zm9+"), std::nullopt);
}

TEST(Hex, LowerCase) { EXPECT_EQ(to_hex("\x00\x1f\xab\xff"sv), "001fabff"); }

}  // namespace
}  // namespace bext::http
