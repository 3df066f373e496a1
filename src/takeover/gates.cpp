#include "takeover/gates.h"

#include <limits.h>
#include <unistd.h>

#include "base/text.h"
#include "takeover/disk.h"
#include "takeover/places.h"

namespace bext::takeover {

std::string unit_word(const std::string& word) {
    std::string out = "\"";
    for (char c : word) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '%' || c == '$') out += c;
        out += c;
    }
    return out + "\"";
}

std::string nginx_gate() {
    return "# bext has taken over from nginx while the file named here exists; see bext takeover status.\n"
           "[Unit]\nConditionPathExists=!" + kActiveBit + "\n";
}

std::string bext_gate(const loader::Source& source, const std::string& server) {
    std::string text = "# bext serves in nginx's place while one of the files named here exists; see bext takeover status.\n"
                "[Unit]\nConditionPathExists=|" + kActiveBit + "\nConditionPathExists=|" + kToken + "\n\n[Service]\n"
                "Environment=BEXT_TAKEOVER_SOCKET=" + kGiveSocket + "\n";
    return text + "ExecStart=\nExecStart=" + server + " run --nginx-config " + unit_word(loader::conf_file_of(source)) + "\n";
}

std::string nginx_start(const std::string& program, const std::string& pid_file, const std::vector<std::string>& words) {
    std::string line = program + " " + kServeOn + " " + kBackSocket + " " + unit_word(pid_file);
    for (auto& word : words) line += " " + unit_word(word);
    return "[Unit]\nConditionPathExists=\n\n[Service]\nType=forking\nPIDFile=" + pid_file + "\nExecStartPre=\nExecStart=\nExecStart=" + line + "\n";
}

std::string bext_start() { return "[Unit]\nConditionPathExists=\n\n[Service]\nEnvironment=BEXT_TAKEOVER_SOCKET=" + kBackSocket + "\n"; }

Result<> write_gates(const loader::Source& source, const std::string& server) {
    if (auto done = write_durably(kNginxGate, nginx_gate()); !done) return done;
    return write_durably(kBextGate, bext_gate(source, server));
}

namespace {

Result<> remove_drop_in(const std::string& path) {
    static_cast<void>(remove_durably(path + ".new"));  // of a writing that was cut off
    if (auto done = remove_durably(path); !done) return done;
    rmdir(path.substr(0, path.rfind('/')).c_str());  // when it is empty
    return {};
}

}  // namespace

Result<> remove_gates() {
    for (auto& path : {kBextGate, kNginxGate, kNginxStart})
        if (auto done = remove_drop_in(path); !done) return done;
    return {};
}

Result<> remove_start() { return remove_drop_in(kNginxStart); }

}  // namespace bext::takeover
