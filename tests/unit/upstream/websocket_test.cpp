#include "upstream/websocket.h"

#include <gtest/gtest.h>

#include <string>

namespace bext::upstream {
namespace {

std::string frame(std::size_t size, bool masked) {
    std::string bytes = "\x82";
    char mask = masked ? char(0x80) : 0;
    if (size < 126) {
        bytes += static_cast<char>(size | static_cast<unsigned char>(mask));
    } else if (size < 65536) {
        bytes += static_cast<char>(126 | static_cast<unsigned char>(mask));
        bytes += {static_cast<char>(size >> 8), static_cast<char>(size)};
    } else {
        bytes += static_cast<char>(127 | static_cast<unsigned char>(mask));
        for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift);
    }
    if (masked) bytes += "mask";
    return bytes + std::string(size, '\x81');
}

TEST(WebSocketFramesTest, KnowsTheEndsOfFramesInAnySegmentation) {
    for (bool masked : {false, true})
        for (std::size_t size : {0, 1, 125, 126, 1000, 65535, 65536, 70000}) {
            auto bytes = frame(size, masked);
            for (std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, bytes.size()}) {
                WebSocketFrames frames;
                EXPECT_TRUE(frames.between());
                for (std::size_t at = 0; at < bytes.size(); at += step) {
                    frames.saw(std::string_view(bytes).substr(at, step));
                    EXPECT_EQ(frames.between(), at + step >= bytes.size()) << size << " " << at << " " << step;
                }
            }
        }
}

TEST(WebSocketFramesTest, SeveralFramesAtOnce) {
    WebSocketFrames frames;
    auto bytes = frame(3, false) + frame(200, true) + frame(0, false);
    frames.saw(bytes);
    EXPECT_TRUE(frames.between());
    frames.saw(frame(9, false).substr(0, 1));
    EXPECT_FALSE(frames.between());
}

}  // namespace
}  // namespace bext::upstream
