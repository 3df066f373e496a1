#!/bin/bash
# nginx 1.22.1-9+deb12u11 (Debian 12): $upstream_response_length of a FastCGI answer is no length of the answer. It counts the bytes that
# came behind the head, as they were on the wire: of a page of 5 bytes it tells 29, since the rest of the record with the head, the last
# record (8 bytes and 8 of content) and the empty record before it (8) are counted, and grows by 8 and by padding with every record that
# the application happens to write. HTTP's length is exact, but for chunks, whose sizes and line ends are counted, too.
# The documentation says "the length of the response obtained from the upstream server".
#
# Sums of traffic or of bodies made from access logs are too large by that; $body_bytes_sent is what the client got.
# Seen: "1 record: sent 5, told 29", "5 records: sent 5, told 61".
set -euo pipefail
version=1.22.1-9+deb12u11
folder=$(mktemp -d); chmod 755 "$folder"; cd "$folder"
trap 'kill "$(cat pid)" "$application" 2>/dev/null || true; sleep 0.5; rm -rf "$folder"' EXIT
for package in nginx nginx-common; do apt-get download -qq "$package=$version" 2>&1 | grep -v ^W: || true; dpkg -x ./"$package"_*.deb root; done
port=$((20000 + RANDOM % 9000))
cat > application.py <<'END'
import socket, struct, sys
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))
record = lambda kind, content: struct.pack('>BBHHBB', 1, kind, 1, len(content), 0, 0) + content
while True:
    peer, _ = listener.accept()
    asked = b''
    while not asked.endswith(struct.pack('>BBHHBB', 1, 5, 1, 0, 0, 0)):  # the empty record of standard input
        asked += peer.recv(65536)
    head, page = b'Content-Type: text/plain\r\n\r\n', b'hello'
    if b'/many' in asked:
        records = [record(6, head + page[:1])] + [record(6, page[i:i + 1]) for i in range(1, 5)]
    else:
        records = [record(6, head + page)]
    peer.sendall(b''.join(records) + record(6, b'') + record(3, bytes(8)))
    peer.close()
END
python3 application.py $((port + 1)) & application=$!
cat > nginx.conf <<END
pid $folder/pid; error_log $folder/error.log; daemon on; events { }
http { log_format told '\$uri \$body_bytes_sent \$upstream_response_length'; access_log $folder/access.log told;
  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server { listen 127.0.0.1:$port; location / { fastcgi_param SCRIPT_NAME \$uri; fastcgi_pass 127.0.0.1:$((port + 1)); } } }
END
root/usr/sbin/nginx -v
root/usr/sbin/nginx -p "$folder"/ -c nginx.conf -e error.log
for path in one many; do
  python3 - "$port" "$path" <<'END'
import sys, urllib.request
assert urllib.request.urlopen(f'http://127.0.0.1:{sys.argv[1]}/{sys.argv[2]}', timeout=5).read() == b'hello'
END
done
sleep 0.5
cat access.log
# HTTP/1.1 clients get 5 bytes in chunks: $body_bytes_sent has the frames of those, 15 in all
[ "$(cut -d' ' -f1,3 access.log | tr '\n' ' ')" = '/one 29 /many 61 ' ]
echo 'as described'
