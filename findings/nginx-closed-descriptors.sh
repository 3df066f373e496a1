#!/bin/bash
# nginx 1.22.1-9+deb12u11 (Debian 12), started as a daemon by a program that has closed standard input, output and error: it exits with
# status 0, writes a pid file and its processes run, and nobody listens on its port. With standard error alone closed it serves.
#
# Why: the listening socket is opened before the process goes into the background, and gets the lowest number that is free, 0.
# Going into the background then puts /dev/null in the place of 0 and 1, and nginx looks at no error of that.
# What to do: open /dev/null in the place of closed descriptors before starting it.
#
# Seen: "none closed: answers 200", "2 closed: answers 200", "0 1 2 closed: status 0, a master runs, answers nobody".
set -euo pipefail
version=1.22.1-9+deb12u11
folder=$(mktemp -d); chmod 755 "$folder"; cd "$folder"
stop() { [ -s run/pid ] && kill "$(cat run/pid)" 2>/dev/null || true; }
trap 'stop; sleep 0.5; rm -rf "$folder"' EXIT
for package in nginx nginx-common; do apt-get download -qq "$package=$version" 2>&1 | grep -v ^W: || true; dpkg -x ./"$package"_*.deb root; done
nginx=$folder/root/usr/sbin/nginx
port=$((20000 + RANDOM % 9000))

try() { # what is closed, and the redirections that do it
  rm -rf run; mkdir run
  cat > run/nginx.conf <<END
pid $folder/run/pid; error_log $folder/run/error.log; events { }
http { access_log off; client_body_temp_path run/b; proxy_temp_path run/p; fastcgi_temp_path run/f; uwsgi_temp_path run/u; scgi_temp_path run/s;
  server { listen 127.0.0.1:$port; location / { return 200 here; } } }
END
  status=0
  eval "$nginx -p $folder/ -c run/nginx.conf -e $folder/run/error.log $2" || status=$?
  for _ in 1 2 3 4 5 6 7 8 9 10; do [ -s run/pid ] && break; sleep 0.2; done
  kill -0 "$(cat run/pid)" && running=yes || running=no
  answer=$(python3 - "$port" <<'END'
import sys, urllib.request
try:
    print('answers', urllib.request.urlopen(f'http://127.0.0.1:{sys.argv[1]}/', timeout=5).status)
except OSError as error:
    print('answers nobody')
END
  )
  found="$1: status $status, master runs: $running, $answer"; echo "$found"
  stop; sleep 0.5
}
"$nginx" -v
try 'none closed' '</dev/null >/dev/null 2>&1'; [ "$found" = 'none closed: status 0, master runs: yes, answers 200' ]
try '2 closed' '</dev/null >/dev/null 2>&-'; [ "$found" = '2 closed: status 0, master runs: yes, answers 200' ]
try '0 1 2 closed' '<&- >&- 2>&-'; [ "$found" = '0 1 2 closed: status 0, master runs: yes, answers nobody' ]
echo 'as described'
