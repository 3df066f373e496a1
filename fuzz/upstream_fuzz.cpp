// What an upstream sends, HTTP or FastCGI, relayed to a client. Oracle: progress. However it is cut, what came is taken within a
// number of turns of the loop that its length bounds, no turn takes long, and once the upstream has closed the client has its
// answer or a closed connection. A status does not depend on where the bytes were cut.
//
// Input: a byte of flags, a byte that says how often the last part is sent again, a byte that says how long that part is, the bytes.
#include <time.h>

#include "support/wire_site.h"

namespace {

using namespace bext;

constexpr double kLongTurn = 5;  // seconds of this thread's CPU; sanitizers are slow, what hangs is slower

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void require(bool holds, const char* what) {
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    __builtin_trap();
}

struct World {
    tests::UnixPeer peer;
    tests::WireSite site{"events { worker_connections 64; } error_log /dev/null crit; http { access_log off; proxy_http_version 1.1; proxy_buffers 2 1k; "
                         "proxy_buffer_size 1k; proxy_busy_buffers_size 1k; proxy_max_temp_file_size 0; proxy_pass_trailers on; fastcgi_buffers 2 1k; "
                         "fastcgi_buffer_size 1k; fastcgi_busy_buffers_size 1k; fastcgi_max_temp_file_size 0; upstream u { server unix:" +
                         peer.path() + "; keepalive 0; } server { listen 80; location /0 { proxy_pass http://u; } "
                         "location /1 { fastcgi_pass u; } location /2 { proxy_buffering off; proxy_pass http://u; } "
                         "location /3 { fastcgi_buffering off; fastcgi_pass u; } } }"};
};

struct Input {
    unsigned kind;
    bool head;
    std::size_t cut;  // bytes sent at a time; 0: as they fit
    std::string bytes;
};

Input read_input(const uint8_t* data, std::size_t size) {
    Input in{};
    if (size < 3) return in;
    in.kind = data[0] & 3;
    in.head = data[0] & 4;
    in.cut = data[0] >> 4;
    in.bytes.assign(reinterpret_cast<const char*>(data) + 3, size - 3);
    auto part = in.bytes.substr(in.bytes.size() - std::min<std::size_t>(in.bytes.size(), data[2]));
    for (unsigned i = 0; i < data[1] * 4u && in.bytes.size() < 400'000; ++i) in.bytes += part;
    return in;
}

void turn(World& world) {
    auto begun = cpu_seconds();
    world.site.turn();
    require(cpu_seconds() - begun < kLongTurn, "a turn of the loop took too long");
}

/// The status line that the client gets.
std::string serve(World& world, const Input& in, std::size_t cut) {
    auto client = world.site.connect();
    auto request = std::string(in.head ? "HEAD" : "GET") + " /" + std::to_string(in.kind) + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    tests::write_some(client.get(), request);
    std::string answer, ignored;
    Fd upstream;
    std::size_t sent = 0;
    bool open = true;
    auto begun = world.site.turns;
    auto writes = cut ? in.bytes.size() / cut : in.bytes.size() / 1024;
    auto most = 1000 + 8 * writes;
    while (open) {
        turn(world);
        require(world.site.turns - begun < most, "the client has no answer");
        if (!upstream) upstream = world.peer.accept();
        if (upstream && sent < in.bytes.size()) {
            auto left = std::string_view(in.bytes).substr(sent);
            sent += tests::write_some(upstream.get(), cut ? left.substr(0, cut) : left);
        }
        if (upstream && sent == in.bytes.size()) ::shutdown(upstream.get(), SHUT_WR);
        if (upstream && !tests::read_all(upstream.get(), ignored)) sent = in.bytes.size();  // it takes no more
        open = tests::read_all(client.get(), answer);
    }
    client.reset();
    upstream.reset();
    for (int i = 0; i < 4; ++i) turn(world);
    return answer.substr(0, answer.find('\r'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    static World world;
    auto in = read_input(data, size);
    auto whole = serve(world, in, 0);
    if (in.cut && in.bytes.size() < 4000) {
        // What ends the answer while its head still waits for more bytes closes the connection without an answer, as in nginx.
        auto cut = serve(world, in, in.cut);
        require(cut == whole || cut.empty() || whole.empty(), "the status depends on where the bytes were cut");
    }
    return 0;
}
