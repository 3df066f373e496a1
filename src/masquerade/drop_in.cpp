#include "masquerade/drop_in.h"

#include <algorithm>

#include "base/text.h"

namespace bext::masquerade {
namespace {

bool is_plain_path(std::string_view path) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@:,";
    return path.starts_with('/') && path.find_first_not_of(kPlain) == std::string_view::npos;
}

}  // namespace

std::string option_of(const std::vector<std::string>& words, char letter) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        auto& word = words[i];
        if (word.size() < 2 || word[0] != '-' || word[1] != letter) {
            constexpr std::string_view kValued = "pecgs";
            if (word.size() == 2 && word[0] == '-' && kValued.find(word[1]) != std::string_view::npos) ++i;
            continue;
        }
        if (word.size() > 2) return word.substr(2);
        return i + 1 < words.size() ? words[i + 1] : std::string();
    }
    return {};
}

Result<std::string> drop_in_text(const DropIn& drop_in) {
    for (auto& path : {drop_in.bext_bin, drop_in.pid_file, drop_in.nginx_config})
        if (!path.empty() && !is_plain_path(path))
            return Error{"\"" + path + "\" cannot stand in a unit: it must be an absolute path of letters, digits and /._-+@:,"};
    auto start = drop_in.bext_bin + " --nginx-masquerade";
    if (!drop_in.nginx_config.empty()) start += " --nginx-config=" + drop_in.nginx_config;
    if (drop_in.own_pid_file) start += " --pid-file=" + drop_in.pid_file;
    return cat({"# Written by `bext nginx masquerade install`: nginx.service runs bext. `bext nginx masquerade uninstall` removes it.\n"
                "[Unit]\n"
                "# Five failed starts in a row, with a configuration that nginx accepts, give the ports back to nginx.\n"
                "StartLimitIntervalSec=30\n"
                "StartLimitBurst=5\n"
                "OnFailure=bext-masquerade-fallback.service\n"
                "\n"
                "[Service]\n"
                "Type=notify\n"
                "NotifyAccess=main\n"
                "PIDFile=", drop_in.pid_file, "\n"
                "ExecStartPre=\n"
                "ExecStart=\n"
                "ExecStart=", start, "\n"
                "ExecReload=\n"
                "ExecReload=", drop_in.bext_bin, " ctl reload --wait --pid-file=", drop_in.pid_file, "\n"
                "ExecStop=\n"
                "ExecStopPost=\n"
                "# Not mixed: a main process that another one has started would be killed at once. Workers do not hear the signal.\n"
                "KillMode=control-group\n"
                "KillSignal=SIGQUIT\n"
                "TimeoutStartSec=90\n"
                "TimeoutStopSec=35\n"
                "OOMPolicy=continue\n"
                "Restart=on-failure\n"
                "RestartSec=250ms\n"
                "# The listening sockets wait with systemd while a killed server starts again.\n"
                "FileDescriptorStoreMax=512\n"
                "# Commands ask the server on a socket in there, which stays when this unit stops: bext.service has one there, too.\n"
                "RuntimeDirectory=bext\n"
                "RuntimeDirectoryPreserve=yes\n"
                "LimitNOFILE=65535\n"});
}

}  // namespace bext::masquerade
