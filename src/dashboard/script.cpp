// What both pages do. Whatever comes from the machine is put in as text, never as HTML, and only what has changed is put in anew: a
// screen reader would say it again, and a selection or an unfolded part would be lost.
#include "dashboard/page.h"

namespace bext::dashboard {

const char* const kScript = R"js(
const $=id=>document.getElementById(id);
const put=(parent,tag,text,kind)=>{
  const e=document.createElement(tag);if(text!==undefined)e.textContent=text;if(kind)e.className=kind;
  parent.append(e);return e;
};
const say=(id,text)=>{if($(id).textContent!==text)$(id).textContent=text};
const many=(n,word)=>n+' '+word+(n===1?'':'s');
const shown={};
const changed=(name,value)=>{const text=JSON.stringify(value);if(shown[name]===text)return false;shown[name]=text;return true};
// What the browser sends by itself, the cookie, is worth nothing without this.
const key=sessionStorage.getItem('bext-key')||'';
const call=(path,options)=>fetch(path,{...options,headers:{'X-Bext-Key':key}});
const get=async path=>{const r=await call(path);if(!r.ok)throw Object.assign(new Error(path+': '+r.status),{status:r.status});return r.json()};
const again=task=>task().catch(e=>{if(e.status!==403)setTimeout(()=>again(task),2000)});
const clock=seconds=>new Date(seconds*1000).toLocaleTimeString([],{hourCycle:'h23',hour:'2-digit',minute:'2-digit',second:'2-digit'});
const day=seconds=>{
  const d=new Date(seconds*1000),two=n=>String(n).padStart(2,'0');
  return d.getFullYear()+'-'+two(d.getMonth()+1)+'-'+two(d.getDate())+' '+clock(seconds);
};
let last=null,connected=false;

// A long name may be broken behind a dot or a slash, and nowhere else.
function broken(parent,text){for(const part of text.split(/(?<=[./])/)){parent.append(part);parent.append(document.createElement('wbr'))}return parent}
// Roles are said, since on a phone a table is no table to the layout. A cell has its column's title there.
function table(parent,label,titles){
  const box=put(parent,'div',undefined,'table'),t=put(box,'table'),tr=put(put(t,'thead'),'tr');
  t.setAttribute('role','table');t.setAttribute('aria-labelledby',label);tr.setAttribute('role','row');
  for(const title of titles){const th=put(tr,'th',title);th.scope='col';th.setAttribute('role','columnheader')}
  return {body:put(t,'tbody'),titles};
}
function row(t,name,place){
  const tr=put(t.body,'tr'),th=put(tr,'th');tr.setAttribute('role','row');th.setAttribute('role','rowheader');th.scope='row';
  broken(put(th,'span'),name);if(place)broken(put(th,'span',undefined,'place'),place);
  return tr;
}
function cell(t,tr,text,kind){const td=put(tr,'td',text,kind);td.setAttribute('role','cell');td.dataset.title=t.titles[tr.children.length-1]||'';return td}
function none(parent,text){put(parent,'p',text||'none','soft')}
// What is wrong, one by one, each with its place.
function faults(ul,list){for(const f of list){const li=put(ul,'li',f.text);if(f.place)broken(put(li,'span',undefined,'place'),f.place)}}

// Title and header say where one is: of several tabs, too.
function head(status,phase,version){
  const text=status.host+': '+phase+' - bext '+(version||status.version);
  say('title',text);if(document.title!==text)document.title=text;
}

// Not by EventSource, which sends no header of ours.
async function listen(){
  const r=await call('/api/events');
  if(!r.ok)throw Object.assign(new Error('events: '+r.status),{status:r.status});
  const reader=r.body.pipeThrough(new TextDecoderStream()).getReader();
  for(let rest='';;){
    const {done,value}=await reader.read();if(done)throw new Error('events: the end');
    const events=(rest+value).split('\n\n');rest=events.pop();
    for(const e of events)if(e.startsWith('data: ')){
      const status=JSON.parse(e.slice(6));
      connected=true;say('lost','');take(status.samples);last=status;show(status);
    }
  }
}
function lost(e){
  const over=e.status===403;
  connected=false;
  say('lost',over?'This page is over: open the URL that '+(last?last.command:'the command')+' printed last.':
    'Connection lost, trying again. What this page shows may be old; what serves goes on serving.');unreachable();
  if(!over)setTimeout(follow,2000);
}
const follow=()=>listen().catch(lost);
// Every few seconds, while somebody looks.
function often(task){setInterval(()=>{if(!document.hidden&&connected)task().catch(()=>{})},5000);again(task)}
)js";

}  // namespace bext::dashboard
