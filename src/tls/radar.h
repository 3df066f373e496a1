// Radar: what a certificate and its key say before a server depends on them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace bext::tls {

struct CertificateFacts {
    int days_left = 0;               // negative: it has expired
    bool valid_yet = true;
    bool key_matches = true;
    bool self_signed = false;
    std::size_t chain = 0;           // certificates behind the first
    std::vector<std::string> names;  // that it is good for, those of the subject alternative names

    /// Whether a server name is one of them, or matches one with a star.
    bool covers(const std::string& name) const;
};

/// Looks at the files; an error when one cannot be read or is none. A key with a password is not compared.
Result<CertificateFacts> look_at(const std::string& certificate, const std::string& key);

}  // namespace bext::tls
