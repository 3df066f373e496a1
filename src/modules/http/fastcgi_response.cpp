// fastcgi, the way back: records, the head in standard output, standard error to the log.
#include "modules/http/fastcgi.h"

namespace bext::http::fastcgi {

using upstream::Exchange;
using upstream::Head;

bool Records::check(Exchange& x) {
    auto wrong = [&](std::string_view what, unsigned value) {
        x.log(Level::kError, cat({what, ": ", std::to_string(value)}));
        return false;
    };
    if (head_[0] != 1) return wrong("upstream sent unsupported FastCGI protocol version", head_[0]);
    if (type() != kStdout && type() != kStderr && type() != kEnd)
        return wrong("upstream sent invalid FastCGI record type", type());
    if (head_[2] != 0) return wrong("upstream sent unexpected FastCGI request id high byte", head_[2]);
    if (head_[3] != 1) return wrong("upstream sent unexpected FastCGI request id low byte", head_[3]);
    left_ = static_cast<std::size_t>(head_[4]) << 8 | head_[5];
    padding_ = head_[6];
    empty_ = left_ ? 0 : empty_ + kRecordHead + padding_;
    if (empty_ <= kMostEmpty) return true;
    x.log(Level::kError, "upstream sent too many empty FastCGI records");
    return false;
}

Records::Step Records::next(Exchange& x, std::string_view& bytes, std::string_view& content) {
    if (open_) {
        if (left_) {
            if (bytes.empty()) return Step::kAgain;
            content = bytes.substr(0, left_);
            bytes.remove_prefix(content.size());
            left_ -= content.size();
            return Step::kContent;
        }
        auto skipped = std::min(padding_, bytes.size());
        bytes.remove_prefix(skipped);
        padding_ -= skipped;
        if (padding_) return Step::kAgain;
        open_ = false;
        have_ = 0;
        return Step::kEndOfRecord;
    }
    auto n = std::min(kRecordHead - have_, bytes.size());
    if (n) std::memcpy(head_ + have_, bytes.data(), n);
    bytes.remove_prefix(n);
    have_ += n;
    if (have_ < kRecordHead) return Step::kAgain;
    if (!check(x)) return Step::kInvalid;
    open_ = true;
    return Step::kHead;
}

void Call::restart(Exchange&) {
    records_.reset();
    line_.reset();
    text_begin_ = text_end_ = raw_ = 0;
    rest_ = -1;
    stdout_seen_ = stdout_closed_ = head_taken_ = false;
}

/// Standard error goes to the log. True when fastcgi_catch_stderr makes it a failure.
bool Call::caught(Exchange& x, std::string_view message) {
    auto shown = message;
    while (shown.size() > 1 && (shown.back() == '\n' || shown.back() == '\r' || shown.back() == '.' || shown.back() == ' '))
        shown.remove_suffix(1);
    x.log(Level::kError, cat({"FastCGI sent in stderr: \"", shown, "\""}));
    for (auto& pattern : *conf_.catch_stderr)
        if (shown.find(pattern) != std::string_view::npos) return true;
    return false;
}

/// The text of standard output is put together at the front of the buffer, so that lines may span records.
Head Call::parse(Exchange& x) {
    auto& buffer = x.buffer;
    for (;;) {
        std::string_view bytes{buffer.data + raw_, buffer.end - raw_}, content;
        auto step = records_.next(x, bytes, content);
        raw_ = buffer.end - bytes.size();
        switch (step) {
            case Records::Step::kAgain:
                if (!stdout_seen_) buffer.end = raw_ = text_begin_ = text_end_ = 0;  // much standard error needs no room
                return Head::kAgain;
            case Records::Step::kInvalid: return Head::kInvalid;
            case Records::Step::kEndOfRecord: continue;
            case Records::Step::kHead:
                if (records_.type() == kEnd) {
                    x.log(Level::kError, "upstream sent unexpected FastCGI record: 3");
                    return Head::kInvalid;
                }
                if (records_.type() != kStdout || records_.left()) continue;
                x.log(Level::kError, "upstream prematurely closed FastCGI stdout");
                return Head::kInvalid;
            case Records::Step::kContent: break;
        }
        if (records_.type() == kStderr) {
            if (caught(x, content)) return Head::kInvalid;
            continue;
        }
        auto from = static_cast<std::size_t>(content.data() - buffer.data);
        if (!stdout_seen_) text_begin_ = text_end_ = from;
        else if (from != text_end_) std::memmove(buffer.data + text_end_, content.data(), content.size());
        stdout_seen_ = true;
        text_end_ += content.size();
        auto head = parse_lines(x);
        if (head != Head::kAgain) return head;
    }
}

Head Call::parse_lines(Exchange& x) {
    for (;;) {
        auto* line = x.buffer.data + text_begin_;
        switch (line_.feed(line, text_end_ - text_begin_)) {
            case http1::Parse::kAgain: return Head::kAgain;
            case http1::Parse::kDone: {
                auto header = line_.result(line);
                text_begin_ += line_.consumed();
                if (!x.in.take(x, header.name, header.value)) return Head::kInvalid;
                break;
            }
            case http1::Parse::kEnd: text_begin_ += line_.consumed(); return head_done(x);
            default: {
                auto from = line_.start(), to = line_.bad_at();
                char byte[8];
                snprintf(byte, sizeof byte, "\\x%02x", static_cast<unsigned char>(line[to]));
                x.log(Level::kError, cat({"upstream sent invalid header: \"", {line + from, to - from}, byte, "...\""}));
                return Head::kInvalid;
            }
        }
    }
}

Head Call::head_done(Exchange& x) {
    auto& in = x.in;
    if (auto* h = in.headers.find(Name::kStatus)) {
        auto code = parse_decimal(h->value.substr(0, 3));
        if (!code || h->value.size() < 3) {
            x.log(Level::kError, cat({"upstream sent invalid status \"", h->value, "\""}));
            return Head::kInvalid;
        }
        in.status = static_cast<int>(*code);
        if (h->value.size() > 3) in.status_line = h->value;
    } else if (in.headers.has(Name::kLocation)) {
        in.status = 302;
        in.status_line = "302 Moved Temporarily";
    } else {
        in.status = 200;
        in.status_line = "200 OK";
    }
    if (in.chunked) in.content_length = -1;
    if (x.state()->status == 0) x.state()->status = in.status;
    x.buffer.begin = raw_;
    return Head::kDone;
}

void Call::begin_body(Exchange& x) {
    bool bodiless = x.in.status == status::kNoContent || x.in.status == status::kNotModified;
    rest_ = bodiless ? 0 : x.in.content_length;
    if (x.request.method == Method::kHead) rest_ = -1;
    x.length = *conf_.keep_conn ? 1 : -1;
    x.eager = *conf_.keep_conn;
}

/// Body bytes, cut to the announced length.
void Call::take_stdout(Exchange& x, std::string_view content, Chain& out) {
    if (rest_ >= 0 && static_cast<std::int64_t>(content.size()) > rest_) {
        x.log(Level::kWarn, "upstream sent more data than specified in \"Content-Length\" header");
        content = content.substr(0, static_cast<std::size_t>(rest_));
        x.length = 0;
    }
    if (rest_ > 0) rest_ -= static_cast<std::int64_t>(content.size());
    if (!content.empty()) out.push(Piece::memory(content));
}

/// The END_REQUEST record is complete.
bool Call::end_of_request(Exchange& x, std::string_view rest) {
    if (rest_ > 0) {
        x.log(Level::kError, "upstream prematurely closed FastCGI request");
        x.broken = true;
        return true;
    }
    x.length = 0;
    x.keepalive = *conf_.keep_conn && rest.empty();
    return true;
}

bool Call::take(Exchange& x, std::string_view bytes, Chain& out) {
    if (!head_taken_) {  // what followed the head in its record
        head_taken_ = true;
        x.state()->response_length += text_end_ - text_begin_;  // the rest of it is in `bytes`
        if (text_begin_ < text_end_) take_stdout(x, {x.buffer.data + text_begin_, text_end_ - text_begin_}, out);
    }
    while (x.length != 0) {
        std::string_view content;
        switch (records_.next(x, bytes, content)) {
            case Records::Step::kAgain: return true;
            case Records::Step::kInvalid: return false;
            case Records::Step::kEndOfRecord:
                if (records_.type() == kEnd) return end_of_request(x, bytes);
                break;
            case Records::Step::kHead:
                if (records_.type() != kStdout || records_.left()) break;
                if (rest_ > 0 && x.buffering) {  // unbuffered, its last record tells
                    x.log(Level::kError, "upstream prematurely closed FastCGI stdout");
                    x.broken = true;
                    return true;
                }
                break;
            case Records::Step::kContent:
                if (records_.type() == kStderr) caught(x, content);
                if (records_.type() == kStdout) take_stdout(x, content, out);
                break;
        }
    }
    return true;
}

}  // namespace bext::http::fastcgi
