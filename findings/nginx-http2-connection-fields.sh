#!/bin/bash
# nginx 1.22.1-9+deb12u11 (Debian 12) as an HTTP/2 server in front of an HTTP/1.1 server that offers another protocol in an Upgrade field, as
# Apache with h2c does: it takes out Connection, and passes Upgrade on to the HTTP/2 client, for which such a response is malformed
# (RFC 9113, section 8.2.2). curl does not mind; a strict client resets the stream, here Debian's python3-h2 4.1.0-4.
#
# What to do: proxy_hide_header Upgrade where websockets do not need it; a server that takes nginx's place may drop it over HTTP/2.
#
# Seen: "fields: server date content-type content-length upgrade", "h2: Connection-specific header field present: b'upgrade'.",
# and with proxy_hide_header "h2: the answer is good".
set -euo pipefail
version=1.22.1-9+deb12u11
folder=$(mktemp -d); chmod 755 "$folder"; cd "$folder"
origin=
trap 'kill $(cat run/pid) $origin 2>/dev/null || true; sleep 0.5; rm -rf "$folder"' EXIT
for package in "nginx=$version" "nginx-common=$version" python3-h2=4.1.0-4 python3-hpack=4.0.0-2 python3-hyperframe=6.0.0-1; do
  apt-get download -qq "$package" 2>&1 | grep -v ^W: || true
  dpkg -x ./"${package%%=*}"_*.deb root
done
mkdir run; port=$((20000 + RANDOM % 9000))
cat > run/nginx.conf <<END
pid $folder/run/pid; error_log $folder/run/error.log; events { }
http { access_log off; client_body_temp_path run/b; proxy_temp_path run/p; fastcgi_temp_path run/f; uwsgi_temp_path run/u; scgi_temp_path run/s;
  server { listen 127.0.0.1:$port http2; location /as-it-is { proxy_pass http://127.0.0.1:$((port + 1)); }
    location /hidden { proxy_pass http://127.0.0.1:$((port + 1)); proxy_hide_header Upgrade; } } }
END
python3 - $((port + 1)) <<'END' &
import socket, sys
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))
while True:
    peer = listener.accept()[0]
    peer.recv(65536)
    peer.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\nok')
    peer.close()
END
origin=$!
root/usr/sbin/nginx -p "$folder/" -c run/nginx.conf -e "$folder/run/error.log"
sleep 1
found=$(PYTHONPATH=root/usr/lib/python3/dist-packages python3 - "$port" <<'END'
import socket, sys
import h2.config, h2.connection, h2.events, h2.exceptions

def ask(path, strict):
    peer = socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=10)
    client = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding='utf-8', validate_inbound_headers=strict))
    client.initiate_connection()
    client.send_headers(1, [(':method', 'GET'), (':scheme', 'http'), (':path', path), (':authority', 'localhost')], end_stream=True)
    peer.sendall(client.data_to_send())
    fields = ''
    while data := peer.recv(65536):
        for event in client.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                fields = ' '.join(name for name, _ in event.headers if name != ':status')
            if isinstance(event, h2.events.StreamEnded):
                return fields
        peer.sendall(client.data_to_send())

print('fields:', ask('/as-it-is', False))
for path in ('/as-it-is', '/hidden'):
    try:
        ask(path, True)
        print('h2: the answer is good')
    except h2.exceptions.ProtocolError as error:
        print('h2:', error)
END
)
echo "$found"
[ "$found" = "fields: server date content-type content-length upgrade
h2: Connection-specific header field present: b'upgrade'.
h2: the answer is good" ]
