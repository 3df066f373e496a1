#include "takeover/survey.h"

#include "conf/files.h"
#include "conf/lexer.h"

namespace bext::takeover {
namespace {

constexpr int kDeepest = 50;

class Walk {
public:
    Walk(std::string directory, Survey& survey) : directory_(std::move(directory)), survey_(survey) {}

    void file(const std::string& path, int depth) {
        auto text = files_.read(path);
        if (!text || depth > kDeepest) return survey_.trouble.push_back(text ? path + " includes itself" : text.error().text);
        conf::Lexer lexer(path, *text);
        std::vector<std::string> words;
        for (auto end = lexer.next(words); end && *end != conf::End::kFile; end = lexer.next(words)) {
            if (*end == conf::End::kBlockCloses) {
                close();
                continue;
            }
            survey_.directives.push_back({words, lexer.name() + ":" + std::to_string(lexer.line()), inside_, server_, blocks_.empty() ? 0 : blocks_.back()});
            if (*end == conf::End::kBlockOpens) open(words.front());
            if (words.front() == "include" && words.size() == 2 && !entries()) include(words[1], depth);
        }
    }

private:
    /// Blocks whose lines are entries of a table and no directives.
    bool entries() const {
        if (inside_.empty()) return false;
        auto& last = inside_.back();
        return last == "types" || last == "map" || last == "geo" || last == "charset_map" || last == "split_clients";
    }

    void open(const std::string& name) {
        if (name == "server" && !inside_.empty() && inside_.back() == "http") server_ = servers_++;
        inside_.push_back(name);
        blocks_.push_back(++opened_);
    }

    void close() {
        if (inside_.empty()) return;
        if (inside_.size() == 2 && inside_.back() == "server") server_ = -1;
        inside_.pop_back();
        blocks_.pop_back();
    }

    void include(const std::string& pattern, int depth) {
        auto path = conf::absolute_path(directory_, pattern);
        auto paths = files_.glob(path);
        if (!paths || paths->empty()) {
            if (path.find_first_of("*?[") == std::string::npos) survey_.trouble.push_back("no file " + path);
            return;
        }
        for (auto& one : *paths) file(one, depth + 1);
    }

    conf::DiskFiles files_;
    std::string directory_;
    Survey& survey_;
    std::vector<std::string> inside_;
    std::vector<int> blocks_;  // their numbers, one for each of `inside_`
    int server_ = -1, servers_ = 0, opened_ = 0;
};

}  // namespace

std::vector<const Found*> Survey::named(std::string_view name) const {
    std::vector<const Found*> found;
    for (auto& one : directives)
        if (one.words.front() == name) found.push_back(&one);
    return found;
}

Survey survey(const loader::Source& source) {
    Survey result;
    auto path = loader::conf_file_of(source);
    Walk(path.substr(0, path.rfind('/') + 1), result).file(path, 0);
    return result;
}

}  // namespace bext::takeover
