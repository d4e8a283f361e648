# To be sourced: what a proxy in front of the binary needs to be tried on this machine alone. The script that sources it sets `name`
# and `hosts`, and works in the folder `scratch` from then on, which goes when it ends, with the processes in `started` and
# `proxy`.
# shellcheck shell=bash disable=SC2154,SC2164

fail() {
    echo "$name: $*" >&2
    exit 1
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/frontdesk-$name.XXXXXX")
chmod 755 "$scratch" # nginx gives its workers another user when it is started by root
started=() proxy=''
remove() {
    [ -z "$proxy" ] || kill "$proxy" 2>/dev/null || true
    [ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2>/dev/null || true
    wait
    rm -rf "$scratch"
}
trap remove EXIT
trap 'exit 130' HUP INT TERM
cd "$scratch"

quietly() {
    "$@" >>quiet.log 2>&1 || { cat quiet.log >&2; fail "$1 failed"; }
}

# An authority, and a certificate below it for each host.
new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
quietly openssl req -x509 "${new_key[@]}" -keyout ca.key -out ca.pem -subj "/CN=Recipes" -days 30
for host in "${hosts[@]}"; do
    mkdir -p "ssl/$host"
    quietly openssl req "${new_key[@]}" -keyout "ssl/$host/key.pem" -out request.pem -subj "/CN=$host"
    printf 'subjectAltName=DNS:%s\n' "$host" >names
    quietly openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out "ssl/$host/fullchain.pem"
done

# free_ports NUMBER: ports that nobody has now.
free_ports() {
    python3 -c '
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))' "$1"
}

# answers PORT: waits until something listens there.
answers() {
    for _ in {1..600}; do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
        sleep 0.1
    done
    cat ./*.log >&2
    fail "nothing listens on port $1"
}

# nginx_with FILE: nginx with what FILE has for `http { }`; its process is in `proxy`.
nginx=$(PATH=$PATH:/usr/sbin command -v nginx)
nginx_with() {
    cat >nginx.conf <<CONF
pid $scratch/nginx.pid;
error_log $scratch/nginx.log;
events { }
http {
    access_log off;
    client_body_temp_path $scratch/body;
    proxy_temp_path $scratch/proxy;
    fastcgi_temp_path $scratch/fastcgi;
    uwsgi_temp_path $scratch/uwsgi;
    scgi_temp_path $scratch/scgi;
    include $1;
}
CONF
    "$nginx" -p "$scratch" -c nginx.conf -e nginx.log -g 'daemon off;' &
    proxy=$!
}

# stop: ends the proxy.
stop() {
    kill "$proxy"
    wait "$proxy" || true
    proxy=''
}
