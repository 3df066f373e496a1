// What nginx's hash tables refuse or warn of, for the directives `…_hash_max_size` and `…_hash_bucket_size` (ngx_hash_init).
// bext's tables need neither, but a configuration that nginx does not start with is not one to be served.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/into.h"

namespace bext::conf {

struct HashLimits {
    std::string_view name;  // "types_hash"
    std::uint64_t max_size, bucket_size;
};

/// What the two directives of one table say, or their defaults. A bucket is at least a cache line.
HashLimits hash_limits(std::string_view name, const Setting<std::int64_t>& max_size, const Setting<std::int64_t>& bucket_size);

/// Whether nginx could build such a table of `keys`, which are lower case. The error is nginx's "[emerg]" text; `warn`, when
/// given, gets that the table is not optimal.
Status check_hash(const HashLimits& limits, const std::vector<std::string_view>& keys,
                  const std::function<void(std::string)>& warn = {});
/// The same for host names that may be wildcards, which nginx keeps label by label.
Status check_wildcard_hash(const HashLimits& limits, const std::vector<std::string_view>& names,
                           const std::function<void(std::string)>& warn = {});

}  // namespace bext::conf
