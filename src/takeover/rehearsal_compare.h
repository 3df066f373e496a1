// Comparison: what of two servers' answers to one request is a difference, and what differs from request to request anyway.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bext::takeover {

/// One answer.
struct Reply {
    int status = 0;  // 0: none came
    std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
    std::string body;       // decoded; its beginning when it is long
    int milliseconds = 0;

    /// The head and what follows of an answer that ended with its connection; `head_only` for HEAD.
    static Reply parse(std::string_view bytes, bool head_only);
};

/// What of an answer is compared, by name: "status", "body", "Field name". Left out is what belongs to the connection (Connection,
/// Keep-Alive, Transfer-Encoding) or names the server and the moment (Server, Date, Age); of Set-Cookie the cookies' names are compared.
std::map<std::string, std::string> facts_of(const Reply& reply);

/// Each difference as "status: nginx 200, bext 404"; none when the answers are the same. Of what differs between nginx's own answers
/// only the presence is compared. `nginx` has at least one answer; of several that bext gave, one that is the same is enough.
std::vector<std::string> differences(const std::vector<Reply>& nginx, const std::vector<Reply>& bext);

/// Whether the same was answered and only the end of the body is told otherwise: by a length, or by chunks.
bool only_framing(const std::vector<std::string>& differences);

/// The part in hundredths, with one digit; rounded down, so that only everything is 100.
std::string percent_text(std::size_t part, std::size_t whole);

}  // namespace bext::takeover
