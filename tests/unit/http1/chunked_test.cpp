// The chunked decoder against nginx's grammar, whole and in pieces.
#include "http1/chunked.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

using namespace std::literals;

namespace bext::http1 {
namespace {

using Step = ChunkedDecoder::Step;

struct Outcome {
    Step verdict = Step::kAgain;
    std::string body;
    std::size_t used = 0;

    bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& o) {
    return out << static_cast<int>(o.verdict) << " used " << o.used << " [" << o.body << "]";
}

// Decodes one piece; what an invalid body gave before is of no interest.
bool feed_piece(ChunkedDecoder& decoder, std::string_view piece, Outcome& o) {
    for (;;) {
        std::size_t used = 0;
        std::string_view data;
        o.verdict = decoder.feed(piece, used, data);
        o.used += used;
        o.body += data;
        piece.remove_prefix(used);
        if (o.verdict != Step::kData) break;
        EXPECT_FALSE(data.empty());
    }
    if (o.verdict == Step::kInvalid) o = {Step::kInvalid, "", 0};
    return o.verdict == Step::kAgain;
}

Outcome feed_cut(std::string_view text, std::vector<std::size_t> cuts) {
    ChunkedDecoder decoder;
    Outcome o;
    cuts.push_back(text.size());
    std::size_t at = 0;
    for (const std::size_t cut : cuts) {
        const std::string piece(text.substr(at, cut - at));
        at = cut;
        if (!feed_piece(decoder, piece, o)) break;
    }
    return o;
}

Outcome decode(std::string_view text) {
    const Outcome whole = feed_cut(text, {});
    std::vector<std::size_t> every;
    for (std::size_t i = 1; i < text.size(); ++i) {
        every.push_back(i);
        EXPECT_EQ(feed_cut(text, {i}), whole) << text << " cut at " << i;
    }
    EXPECT_EQ(feed_cut(text, every), whole) << text << " byte by byte";
    return whole;
}

TEST(Chunked, Bodies) {
    EXPECT_EQ(decode("0\r\n\r\nnext"), (Outcome{Step::kDone, "", 5}));
    EXPECT_EQ(decode("3\r\nabc\r\n0\r\n\r\n"), (Outcome{Step::kDone, "abc", 13}));
    EXPECT_EQ(decode("3\r\nabc\r\n00A\r\n0123456789\r\n000\r\n\r\n").body, "abc0123456789");
    EXPECT_EQ(decode("3\r\nabc\r\n").verdict, Step::kAgain);
}

TEST(Chunked, ExtensionsAreSkipped) {
    for (const auto ext :
         {";a=b"sv, " ; a = b"sv, ";"sv, ";@@@ =[]"sv, " foo"sv, "\t"sv, ";a\x01"sv, ";a\0b"sv, ";\"x"sv})
        EXPECT_EQ(decode("3" + std::string(ext) + "\r\nabc\r\n0" + std::string(ext) + "\r\n\r\n").body, "abc") << ext;
}

TEST(Chunked, TrailersAreSkipped) {
    EXPECT_EQ(decode("0\r\nA: b\r\nHost: x\r\n@@ no colon\r\n\r\nx").used, 33u);
    EXPECT_EQ(decode("0\r\nXX").verdict, Step::kAgain);
}

TEST(Chunked, Invalid) {
    for (const auto text :
         {"0x3\r\n", "+3\r\n", "-1\r\n", "0_3\r\n", " 3\r\n", "\r\n", "g\r\n", "3\n", "3;a\n", "3;a\rb", "3;a\n\r\n",
          "3;a=\"x\ny\"\r\n", "3\r\nabc\n", "3\r\nabc\r0", "3\r\nabc0", "3\r\nabcX", "0\n", "0\r\n\n", "0\rx", "0;x\n",
          "0;x\ry", "0\r\nA: b\n\r\n", "0\r\nA: b\rY: z\r\n", "0\r\n\rx", "3\rabc", "10000000000000003\r\n",
          "ffffffffffffffff\r\n", "7fffffffffffffff\r\n", "0800000000000000\r\n"})
        EXPECT_EQ(decode(text).verdict, Step::kInvalid) << text;
}

TEST(Chunked, LargestChunk) {
    ChunkedDecoder decoder;
    Outcome o;
    EXPECT_TRUE(feed_piece(decoder, "07ffffffffffffff\r\nabc", o));
    EXPECT_EQ(o.body, "abc");
    EXPECT_EQ(decoder.chunk_left(), ChunkedDecoder::kMaxChunk - 3);
    EXPECT_EQ(decode("000000000000000000000000003\r\nabc\r\n0\r\n\r\n").body, "abc");
}

TEST(Chunked, OverheadIsBounded) {
    EXPECT_EQ(feed_cut("1;" + std::string(ChunkedDecoder::kFreeOverhead + 1, 'x'), {}).verdict, Step::kInvalid);
    EXPECT_EQ(feed_cut(std::string(ChunkedDecoder::kFreeOverhead + 2, '0'), {}).verdict, Step::kInvalid);
    EXPECT_EQ(feed_cut("0\r\n" + std::string(ChunkedDecoder::kMaxTrailers + 1, 'x'), {}).verdict, Step::kInvalid);
    // Extensions that are no longer than the data may go on for ever.
    std::string signed_chunks;
    for (int i = 0; i < 1000; ++i) {
        signed_chunks += "64;chunk-signature=" + std::string(64, 'a') + "\r\n";
        signed_chunks += std::string(100, 'd') + "\r\n";
    }
    EXPECT_EQ(feed_cut(signed_chunks, {}).body.size(), 100000u);
}

TEST(Chunked, ExpectedMinimum) {
    const std::string text = "3;x\r\nabc\r\n0;\r\nA\r\n\r\n";
    const std::uint64_t expected[] = {5, 12, 12, 12, 11, 10, 9, 8, 7, 6, 5, 4, 4, 3, 2, 4, 3, 2, 1, 0};
    ChunkedDecoder decoder;
    EXPECT_EQ(decoder.expected_minimum(), 5u);
    for (std::size_t i = 0; i < text.size(); ++i) {
        EXPECT_EQ(decoder.expected_minimum(), expected[i]) << i;
        Outcome o;
        feed_piece(decoder, std::string_view(text).substr(i, 1), o);
    }
    EXPECT_EQ(decoder.expected_minimum(), 0u);
}

TEST(Chunked, WriteHeader) {
    const auto header = [](std::uint64_t size) {
        char buffer[kChunkHeader];
        return std::string(buffer, write_chunk_header(buffer, size));
    };
    EXPECT_EQ(header(0), "0\r\n");
    EXPECT_EQ(header(15), "f\r\n");
    EXPECT_EQ(header(16), "10\r\n");
    EXPECT_EQ(header(4096), "1000\r\n");
    EXPECT_EQ(header(UINT64_MAX), "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace bext::http1
