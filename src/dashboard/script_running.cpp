// The page of the running server: who serves, since when, and what was ever lost, in the words of bext status.
#include "dashboard/page.h"

namespace bext::dashboard {

const char* const kRunningScript = R"js(
function show(status){
  const server=status.server;
  head(status,server?server.upgrading?'upgrading':'serving':'not serving',server?.version);
  say('reason',server?'':status.reason||'There is no running server.');
  events(server?.events||(server?[]:null));
  const lines=server?status.text.split('\n').filter(Boolean).map(line=>[line.slice(0,16).trim(),line.slice(16)]):[];
  if(!changed('service',lines))return;
  $('service').replaceChildren();
  for(const [name,text] of lines){put($('service'),'dt',name);put($('service'),'dd',text)}
}
function unreachable(){}
)js";

}  // namespace bext::dashboard
