// Names: where the addresses of host names come from while a configuration is read: the system's resolver (which remembers
// what it said, to be sealed into a Bundle) or a Bundle, so that a worker that is started again asks nobody.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace bext::net {

class Names {
public:
    virtual ~Names() = default;
    /// The addresses of a host name or literal with `port`, those of IPv4 first. The error has nginx's text.
    Result<std::vector<Address>> addresses(const std::string& host, std::uint16_t port);

protected:
    /// Those of a name, of port 0; none when it is not known.
    virtual std::vector<Address> look_up(const std::string& name) = 0;
};

/// Asks the system once per name and remembers the answer.
class SystemNames final : public Names {
public:
    const std::map<std::string, std::vector<Address>>& found() const { return found_; }

private:
    std::vector<Address> look_up(const std::string& name) override;

    std::map<std::string, std::vector<Address>> found_;
};

}  // namespace bext::net
