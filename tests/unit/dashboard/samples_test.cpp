// What is told of each second.
#include "dashboard/samples.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace bext::dashboard {
namespace {

std::string waited_for(const Samples& samples, std::size_t commas) {
    std::string text;
    for (int i = 0; i < 500; ++i, usleep(10'000)) {
        text = samples.json();
        if (static_cast<std::size_t>(std::count(text.begin(), text.end(), ',')) >= commas) break;
    }
    return text;
}

TEST(DashboardSamples, EachHasItsTimeAndTheNewestIsLast) {
    std::atomic<int> taken = 0;
    Samples samples([&] {
        bool first = taken++ == 0;
        return Sample{1, 70, 3, 12, !first};
    });
    auto before = time(nullptr);
    auto text = waited_for(samples, 9);
    long long first = 0, second = 0;
    ASSERT_EQ(sscanf(text.c_str(), "[[%lld,70,3,12,0],[%lld,70,3,12,1]]", &first, &second), 2) << text;
    EXPECT_NEAR(static_cast<double>(first), static_cast<double>(before), 2) << "its own time is the one of here";
    EXPECT_GE(second, first);
    EXPECT_EQ(samples.json(1), "[[" + std::to_string(second) + ",70,3,12,1]]");
    EXPECT_EQ(samples.json(0), "[]");
}

}  // namespace
}  // namespace bext::dashboard
