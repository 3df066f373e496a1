// The command line as nginx takes it, `-s`, and what -v, -V and -h print.
#include "cli/shim_args.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "cli/signal_process.h"
#include "cli/version.h"

namespace bext::cli {
namespace {

Result<ShimArgs> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "nginx");
    return parse_shim_args(static_cast<int>(words.size()), words.data());
}
std::string refusal_of(std::vector<const char*> words) {
    auto args = parse(std::move(words));
    return args ? "accepted" : args.error().text;
}

TEST(ShimArgsTest, Flags) {
    auto none = parse({});
    EXPECT_FALSE(none->test || none->show_version || none->signal || none->conf);
    EXPECT_TRUE(parse({"-v"})->show_version);
    EXPECT_FALSE(parse({"-v"})->show_configure);
    EXPECT_TRUE(parse({"-V"})->show_version && parse({"-V"})->show_configure);
    EXPECT_TRUE(parse({"-h"})->show_help && parse({"-?"})->show_help && parse({"-h"})->show_version);
    EXPECT_TRUE(parse({"-t"})->test);
    EXPECT_FALSE(parse({"-t"})->dump);
    EXPECT_TRUE(parse({"-T"})->test && parse({"-T"})->dump);
    EXPECT_TRUE(parse({"-q", "-t"})->quiet);
}

TEST(ShimArgsTest, CombinedForms) {
    auto args = parse({"-tq"});
    EXPECT_TRUE(args->test && args->quiet);
    EXPECT_EQ(parse({"-tc", "/x"})->conf, "/x");
    EXPECT_EQ(parse({"-c/x"})->conf, "/x");
    EXPECT_EQ(parse({"-tc/x"})->conf, "/x");
    EXPECT_EQ(parse({"-ct"})->conf, "t");
    EXPECT_FALSE(parse({"-ct"})->test);
    EXPECT_EQ(parse({"-sreload"})->signal, "reload");
    EXPECT_TRUE(parse({"-"}));
}

TEST(ShimArgsTest, Values) {
    auto args = parse({"-g", "daemon on; master_process on;", "-p", "/p", "-e", "/log", "-s", "quit"});
    EXPECT_EQ(args->directives, "daemon on; master_process on;");
    EXPECT_EQ(args->prefix, "/p");
    EXPECT_EQ(args->error_log, "/log");
    EXPECT_EQ(args->signal, "quit");
    EXPECT_EQ(parse({"-e", "stderr"})->error_log, "");
    EXPECT_EQ(parse({"-c", "-t"})->conf, "-t");
    EXPECT_EQ(parse({"-c", ""})->conf, "");
    EXPECT_EQ(parse({"-c", "a", "-c", "b"})->conf, "b");
}

TEST(ShimArgsTest, ErrorsAreNginxs) {
    EXPECT_EQ(refusal_of({"foo"}), "invalid option: \"foo\"");
    EXPECT_EQ(refusal_of({""}), "invalid option: \"\"");
    EXPECT_EQ(refusal_of({"-x"}), "invalid option: \"x\"");
    EXPECT_EQ(refusal_of({"-tx"}), "invalid option: \"x\"");
    EXPECT_EQ(refusal_of({"--version"}), "invalid option: \"-\"");
    EXPECT_EQ(refusal_of({"-c"}), "option \"-c\" requires file name");
    EXPECT_EQ(refusal_of({"-e"}), "option \"-e\" requires file name");
    EXPECT_EQ(refusal_of({"-p"}), "option \"-p\" requires directory name");
    EXPECT_EQ(refusal_of({"-g"}), "option \"-g\" requires parameter");
    EXPECT_EQ(refusal_of({"-s"}), "option \"-s\" requires parameter");
    EXPECT_EQ(refusal_of({"-s", "foo"}), "invalid option: \"-s foo\"");
}

/// A pid file that no test beside this one, in a process of its own, writes to.
std::string own_file() { return testing::TempDir() + "signal_process_pid." + std::to_string(getpid()); }

TEST(SignalProcessTest, ErrorsAreNginxs) {
    auto path = own_file();
    EXPECT_EQ(signal_process("reload", path).error().text, "open() \"" + path + "\" failed (2: No such file or directory)");
    auto with = [&](const std::string& text) {
        std::ofstream(path) << text;
        auto done = signal_process("reload", path);
        return done ? "sent" : done.error().text;
    };
    EXPECT_EQ(with(""), "invalid PID number \"\" in \"" + path + "\"");
    EXPECT_EQ(with("x\n"), "invalid PID number \"x\" in \"" + path + "\"");
    EXPECT_EQ(with("0\n"), "invalid PID number \"0\" in \"" + path + "\"");
    EXPECT_EQ(with("-1\n"), "invalid PID number \"-1\" in \"" + path + "\"");
    EXPECT_EQ(with("2147483646\r\n"), "kill(2147483646, 1) failed (3: No such process)");
    std::filesystem::remove(path);
}

TEST(SignalProcessTest, SendsTheSignal) {
    auto path = own_file();
    for (auto [name, signal] : {std::pair("stop", SIGTERM), {"quit", SIGQUIT}, {"reopen", SIGUSR1}, {"reload", SIGHUP}}) {
        pid_t pid = fork();
        if (pid == 0) {
            ::signal(signal, SIG_DFL);
            while (true) pause();
        }
        std::ofstream(path) << pid << "\n";
        EXPECT_TRUE(signal_process(name, path));
        int status = 0;
        waitpid(pid, &status, 0);
        EXPECT_EQ(WTERMSIG(status), signal);
    }
    std::filesystem::remove(path);
    setenv("BEXT_PID_FILE", "/other", 1);
    EXPECT_EQ(signal_pid_path("/run/nginx.pid"), "/other");
    unsetenv("BEXT_PID_FILE");
    EXPECT_EQ(signal_pid_path("/run/nginx.pid"), "/run/nginx.pid");
}

TEST(VersionTest, SaysWhatCertbotReads) {
    EXPECT_EQ(version_line(), "nginx version: nginx/1.28.2 (bext-masquerade)\n");
    Build build = this_build();
    build.openssl = "OpenSSL 3.0.20 7 Apr 2026";
    build.running_openssl = "OpenSSL 3.0.22 25 Aug 2026";
    build.modules = {"http_ssl", "http_realip"};
    auto text = configure_text(build);
    EXPECT_NE(text.find("\nbuilt with OpenSSL 3.0.20 7 Apr 2026 (running with OpenSSL 3.0.22 25 Aug 2026)\n"), std::string::npos);
    EXPECT_NE(text.find("\nTLS SNI support enabled\n"), std::string::npos);
    EXPECT_NE(text.find("\nconfigure arguments: --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf "), std::string::npos);
    EXPECT_TRUE(text.ends_with(" --with-http_ssl_module --with-http_realip_module\n"));
    EXPECT_TRUE(help_text().starts_with("Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]\n"));
}

}  // namespace
}  // namespace bext::cli
