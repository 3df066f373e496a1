#include "http2/hpack.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http2/stream.h"

namespace bext::http2 {
namespace {

/// nghttp2 reads what we write.
TEST(Hpack, WhatIsWrittenIsRead) {
    HeaderDecoder decoder;
    for (std::size_t size : {0u, 1u, 126u, 127u, 128u, 254u, 255u, 4096u, 60000u})
        for (int status : {200, 204, 206, 304, 400, 404, 500, 201, 999}) {
            std::string value(size, 'v'), room(2 * size + 400, '\0');
            HeaderWriter writer(room.data());
            writer.no_table();
            writer.status(status);
            writer.field(StaticName::kServer, value);
            writer.field(StaticName::kContentLength, std::uint64_t{1234567890123});
            writer.field("X-Odd-Name", value);
            std::string_view block(room.data(), static_cast<std::size_t>(writer.p - room.data()));
            std::vector<std::pair<std::string, std::string>> got;
            HeaderDecoder::Field field;
            auto step = HeaderDecoder::Step::kField;
            while ((step = decoder.next(block, true, field)) == HeaderDecoder::Step::kField) got.emplace_back(field.name, field.value);
            ASSERT_EQ(step, HeaderDecoder::Step::kEnd);
            std::vector<std::pair<std::string, std::string>> sent{
                {":status", std::to_string(status)}, {"server", value}, {"content-length", "1234567890123"}, {"x-odd-name", value}};
            ASSERT_EQ(got, sent) << size;
        }
}

TEST(Hpack, ABlockThatIsNoneIsTold) {
    for (std::string_view bad : {std::string_view("\x80", 1), std::string_view("\xff\xff\xff\xff\xff\x7f", 6), std::string_view("\x00\x85", 2), std::string_view("\x3f\xff\xff\x7f", 4)}) {
        HeaderDecoder decoder;
        HeaderDecoder::Field field;
        EXPECT_EQ(decoder.next(bad, true, field), HeaderDecoder::Step::kInvalid);
    }
}

TEST(Http2Priority, IsReadAsRfc9218HasIt) {
    auto read = [](std::string_view text) {
        Priority priority;
        priority.read(text);
        return std::to_string(priority.urgency) + (priority.incremental ? " i" : "");
    };
    EXPECT_EQ(read("u=0"), "0");
    EXPECT_EQ(read("u=7, i"), "7 i");
    EXPECT_EQ(read("i"), "3 i");
    EXPECT_EQ(read("i=?1,u=1"), "1 i");
    EXPECT_EQ(read("i=?0"), "3");
    EXPECT_EQ(read("u=8, u=-1, u=x"), "3");
    EXPECT_EQ(read("x;y, u=5"), "5");
    EXPECT_EQ(read(""), "3 i") << "nothing was said";
}

}  // namespace
}  // namespace bext::http2
