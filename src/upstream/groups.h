// Groups: every upstream of a configuration by name, while it is read and for names that are only known at run time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/cursor.h"
#include "net/names.h"
#include "upstream/peers.h"
#include "upstream/url.h"

namespace bext::http {
class Builder;
}

namespace bext::upstream {

class Groups {
public:
    /// The registry of the configuration being read.
    static std::shared_ptr<Groups> of(http::Builder& builder);

    /// The group of an `upstream NAME { }` that begins; an error when there is one already.
    conf::Status create(conf::Cursor& at, std::string_view name, std::shared_ptr<Group>& out);
    /// The group that a pass to `url` uses: a block of that name, which may come later, or the host itself.
    conf::Status use(conf::Cursor& at, const Url& url, std::shared_ptr<Group>& out);
    /// After the whole file: the addresses of implicit groups. May be called more than once.
    conf::Status finish(net::Names& names);

    /// The group that a name computed at run time means: of that name, or of the address that it is. Null when the name
    /// must be looked up, or has no port.
    std::shared_ptr<Group> find(const Url& url) const;

private:
    conf::Status finish(Group& group, net::Names& names);
    std::vector<std::shared_ptr<Group>> list_;
    bool finished_ = false;
};

}  // namespace bext::upstream
