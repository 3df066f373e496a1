#include "base/series_text.h"

#include <iterator>
#include <utility>
#include <vector>

#include "base/text.h"

namespace bext {

namespace {

struct Line {
    SeriesKind kind;
    std::string labels;  // server="example.com",location="/"
    SeriesTotals totals;
};

struct Kind {
    const char* prefix;
    const char* name;
    const char* part;  // null: there is only a name
    const char* what;  // in the help
};
constexpr Kind kSeriesKinds[] = {
    {"bext_server_", "server", nullptr, "of the server"},
    {"bext_location_", "server", "location", "of the location"},
    {"bext_upstream_peer_", "upstream", "peer", "of the upstream's server"},
};
static_assert(std::size(kSeriesKinds) == static_cast<std::size_t>(SeriesKind::kEnd));

constexpr const char* kClasses[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};

/// What is counted together, since there were too many names.
constexpr std::string_view kOthers = "(other)";

const Kind& of(SeriesKind kind) { return kSeriesKinds[static_cast<int>(kind)]; }

/// Bytes of the character that `text` begins with; 0 when that is no UTF-8. RFC 3629
std::size_t utf8_size(std::string_view text) {
    auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    auto lead = byte(0), second = byte(1);
    if (lead < 0x80) return 1;
    std::size_t size = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    bool beyond = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);  // surrogates, and what is no character
    return overlong || beyond ? 0 : size;
}

/// `text` as a label's value, with its quotes. The text format is UTF-8: bytes that are none, which names may have, are shown as \xNN.
std::string label_value(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    while (!text.empty()) {
        auto size = utf8_size(text);
        unsigned char c = static_cast<unsigned char>(text[0]);
        if (size == 0) {
            out += "\\\\x";
            out += {kHex[c >> 4], kHex[c & 15]};
            size = 1;
        } else if (c == '\n') {
            out += "\\n";
        } else {
            if (c == '"' || c == '\\') out += '\\';
            out += text.substr(0, size);
        }
        text.remove_prefix(size);
    }
    return out + "\"";
}

std::vector<Line> lines_of(const SeriesTable& series) {
    std::vector<Line> lines;
    series.each([&](SeriesKind kind, std::string_view name, std::string_view part, const SeriesTotals& totals) {
        auto& how = of(kind);
        if (name.empty()) name = part = kOthers;
        Line line{kind, {}, totals};
        line.labels = cat({how.name, "=", label_value(name)});
        if (how.part) line.labels += cat({",", how.part, "=", label_value(part)});
        lines.push_back(std::move(line));
    });
    return lines;
}

/// 1234 as "1.234"
std::string seconds(std::uint64_t milliseconds) {
    auto rest = std::to_string(1000 + milliseconds % 1000).substr(1);
    while (!rest.empty() && rest.back() == '0') rest.pop_back();
    return cat({std::to_string(milliseconds / 1000), rest.empty() ? "" : ".", rest});
}

class Metrics {
public:
    Metrics(std::string& text, const std::vector<Line>& lines) : text_(text), lines_(lines) {}

    template <class Put>
    void family(SeriesKind kind, std::string_view name, std::string_view type, std::string_view help, Put put) {
        name_ = cat({of(kind).prefix, name});
        bool begun = false;
        for (auto& line : lines_) {
            if (line.kind != kind) continue;
            if (!std::exchange(begun, true))
                text_ += cat({"# HELP ", name_, " ", help, " ", of(kind).what, ".\n# TYPE ", name_, " ", type, "\n"});
            put(line);
        }
    }
    void counter(SeriesKind kind, std::string_view name, std::string_view help, std::uint64_t SeriesTotals::*member) {
        family(kind, name, "counter", help, [&](const Line& line) { sample("", line, "", std::to_string(line.totals.*member)); });
    }
    void statuses(SeriesKind kind, std::string_view help) {
        family(kind, "requests_total", "counter", help, [&](const Line& line) {
            for (std::size_t i = 0; i < std::size(kClasses); ++i)
                sample("", line, cat({",code=\"", kClasses[i], "\""}), std::to_string(line.totals.statuses[i]));
        });
    }
    void durations(SeriesKind kind, std::string_view name, std::string_view help) {
        family(kind, name, "histogram", help, [&](const Line& line) {
            std::uint64_t sum = 0;
            for (std::size_t i = 0; i <= kSeriesBounds.size(); ++i) {
                sum += line.totals.durations[i];
                auto bound = i < kSeriesBounds.size() ? seconds(kSeriesBounds[i]) : std::string("+Inf");
                sample("_bucket", line, cat({",le=\"", bound, "\""}), std::to_string(sum));
            }
            sample("_sum", line, "", seconds(line.totals.milliseconds));
            sample("_count", line, "", std::to_string(sum));
        });
    }

private:
    void sample(std::string_view suffix, const Line& line, std::string_view more, std::string_view value) {
        for (auto part : {std::string_view(name_), suffix, std::string_view("{"), std::string_view(line.labels), more, std::string_view("} "),
                          value, std::string_view("\n")})
            text_ += part;
    }

    std::string& text_;
    const std::vector<Line>& lines_;
    std::string name_;
};

}  // namespace

void put_series_metrics(std::string& text, const SeriesTable& series) {
    auto lines = lines_of(series);
    Metrics metrics(text, lines);
    for (auto kind : {SeriesKind::kServer, SeriesKind::kLocation}) {
        metrics.statuses(kind, "Requests by class of status,");
        metrics.counter(kind, "received_bytes_total", "Bytes of requests", &SeriesTotals::received);
        metrics.counter(kind, "sent_bytes_total", "Bytes of responses", &SeriesTotals::sent);
        metrics.durations(kind, "request_duration_seconds", "Time from a request's first byte to its answer's last");
    }
    auto kind = SeriesKind::kPeer;
    metrics.statuses(kind, "Tries by class of status,");
    metrics.counter(kind, "failures_total", "Tries without an answer", &SeriesTotals::failures);
    metrics.counter(kind, "received_bytes_total", "Bytes of requests sent to it", &SeriesTotals::received);
    metrics.counter(kind, "sent_bytes_total", "Bytes of its answers", &SeriesTotals::sent);
    metrics.durations(kind, "response_duration_seconds", "Time from the choice to the end of the answer");
}

}  // namespace bext
