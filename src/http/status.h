// HTTP status codes by name, nginx's own among them, with their reason phrases.
#pragma once

#include <string_view>

namespace bext::http::status {

constexpr int kOk = 200, kNoContent = 204, kPartial = 206, kMoved = 301, kFound = 302, kSeeOther = 303,
              kNotModified = 304, kTemporary = 307, kPermanent = 308, kBadRequest = 400, kUnauthorized = 401,
              kForbidden = 403, kNotFound = 404, kNotAllowed = 405, kTimeout = 408, kConflict = 409,
              kLengthRequired = 411, kPreconditionFailed = 412, kTooLarge = 413, kUriTooLong = 414,
              kUnsupportedMedia = 415, kRangeNotSatisfiable = 416, kMisdirected = 421, kTooManyRequests = 429,
              kClose = 444, kHeaderTooLarge = 494, kCertError = 495, kNoCert = 496, kToHttps = 497,
              kClientClosed = 499, kInternal = 500, kNotImplemented = 501, kBadGateway = 502, kUnavailable = 503,
              kGatewayTimeout = 504, kVersion = 505, kInsufficientStorage = 507;

/// "200 OK": nginx's status line for the code; empty for a code nginx has no text for.
std::string_view line(int code);

}  // namespace bext::http::status
