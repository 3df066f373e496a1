#include "cli/default_site.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/fd.h"

namespace bext::cli {
namespace {

constexpr char kConf[] = R"(# The default configuration that is built into bext-server.
daemon off;
worker_processes auto;
pid %DIR%/bext.pid;
error_log stderr notice;

events {
    worker_connections 1024;
}

http {
    types { text/html html; text/plain txt conf; }
    access_log %DIR%/access.log;
    client_body_temp_path %DIR%/body;
    proxy_temp_path %DIR%/proxy;
    fastcgi_temp_path %DIR%/fastcgi;

    server {
        listen 127.0.0.1:%PORT%;
        server_name localhost;
        root %DIR%/html;
        index index.html;

        location = /nginx.conf {
            alias %DIR%/nginx.conf;
            default_type text/plain;
        }
    }
}
)";

constexpr char kPage[] = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>bext is running</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:10vh auto;padding:0 1rem;color-scheme:light dark}
code{font-size:.95em}</style>
<h1>bext is running</h1>
<p>This page is served by <code>bext-server</code> %VERSION% from its built-in configuration.</p>
<dl>
<dt>Configuration</dt><dd><a href="/nginx.conf"><code>%DIR%/nginx.conf</code></a></dd>
<dt>Files</dt><dd><code>%DIR%/html</code></dd>
<dt>Access log</dt><dd><code>%DIR%/access.log</code></dd>
</dl>
<p>Serve your own: <code>bext-server run --nginx-config /etc/nginx/nginx.conf</code></p>
</html>
)";

std::string filled(std::string text, const std::string& directory, int port) {
    auto replace = [&](const std::string& mark, const std::string& value) {
        for (std::size_t at; (at = text.find(mark)) != std::string::npos;) text.replace(at, mark.size(), value);
    };
    replace("%DIR%", directory);
    replace("%PORT%", std::to_string(port));
    replace("%VERSION%", BEXT_VERSION);
    return text;
}

bool is_free(int port) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    return ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

int run_default_site(ServeOptions options, int port) {
    int last = port + 100;
    while (port < last && !is_free(port)) ++port;
    if (port == last) {
        fprintf(stderr, "bext-server: no free port from %d to %d; choose another with --port\n", last - 100, last - 1);
        return 1;
    }
    char directory[] = "/tmp/bext-default-XXXXXX";
    if (!::mkdtemp(directory)) {
        perror("bext-server: cannot make a directory in /tmp");
        return 1;
    }
    std::string base = directory;
    ::chmod(directory, 0755);
    ::mkdir((base + "/html").c_str(), 0755);
    std::ofstream(base + "/nginx.conf") << filled(kConf, base, port);
    std::ofstream(base + "/html/index.html") << filled(kPage, base, port);
    printf("bext-server %s: http://127.0.0.1:%d/ (configuration: %s/nginx.conf; stop with Ctrl-C)\n", BEXT_VERSION, port, directory);
    fflush(stdout);
    options.source.conf_file = base + "/nginx.conf";
    return serve(options);
}

}  // namespace bext::cli
