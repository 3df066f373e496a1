// Requests on one connection, answered with every filter of a body on. Oracle: the stream of answers parses, strictly by RFC 9112,
// into as many answers as were asked for: none has a body that its request or its status forbids, and none a length that is wrong.
//
// Input: two bytes a request: what is asked for, and how.
#include "support/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace bext::tests;
    static WireSite site(every_filter());
    std::vector<Asked> asked;
    for (std::size_t i = 0; i + 1 < std::min<std::size_t>(size, 64); i += 2) {
        asked.emplace_back(data[i], data[i + 1]);
        if (asked.back().last) break;
    }
    std::string shown;
    auto wrong = serve_all(site, asked, shown);
    if (wrong.empty()) return 0;
    fprintf(stderr, "%.*s: %s\n", static_cast<int>(wrong.size()), wrong.data(), shown.c_str());
    __builtin_trap();
}
