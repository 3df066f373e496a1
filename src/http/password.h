// Passwords as htpasswd files hold them: $apr1$, {PLAIN}, {SHA}, {SSHA}, and whatever the system's crypt() knows.
#pragma once

#include <string>
#include <string_view>

#include "base/task.h"

namespace bext::http {

enum class PasswordVerdict : unsigned char {
    kMatch,
    kMismatch,
    kFailed,  ///< the hash could not be computed, or too many checks wait already
};

/// Whether `given` is the password stored as `stored`. Compares in constant time; blocks as long as the hash takes.
PasswordVerdict check_password(const std::string& given, const std::string& stored);

/// The same; costly hashes are computed by a helper thread while the event loop goes on.
Task<PasswordVerdict> check_password_aside(std::string given, std::string stored);

}  // namespace bext::http
